"""Forged tokens: none is accepted, none is our fault, none makes us ask elsewhere."""

import pytest
from django.test import Client

from tasks.models import Identity
from tasks.oidc import access, provider
from tasks.oidc.errors import NotAuthenticated
from tests.support.forgeries import FORGERIES, genuine
from tests.support.idp import Idp

TASK = "/api/v1/task?id=00000000-0000-4000-8000-000000000000"


def test_there_are_forgeries_of_every_kind() -> None:
    assert len(FORGERIES) > 100


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_grants_nothing(idp: Idp, name: str) -> None:
    access.grant_of(f"Bearer {idp.token()}")  # the keys are known

    with pytest.raises(NotAuthenticated) as caught:
        access.grant_of(f"Bearer {FORGERIES[name](idp)}")

    assert caught.value.status == 401
    sent = {path for path in idp.asked if "forged" in path}
    assert not sent


def test_a_forged_token_grants_nothing_when_it_comes_first_either(idp: Idp) -> None:
    for name, forge in FORGERIES.items():
        provider.forget()
        with pytest.raises(NotAuthenticated):
            pytest.fail(f"{name}: {access.grant_of(f'Bearer {forge(idp)}')}")


def test_what_forgeries_are_written_from_is_good_itself(idp: Idp) -> None:
    assert access.grant_of(f"Bearer {genuine(idp)}").scopes == {"read", "write"}


@pytest.mark.django_db
def test_over_http_each_is_a_401_in_the_envelope_and_makes_nobody_known(
    client: Client, idp: Idp
) -> None:
    client.raise_request_exception = False
    refused = {}
    for name, forge in FORGERIES.items():
        reply = client.get(TASK, headers={"Authorization": f"Bearer {forge(idp)}"})
        challenge = reply.headers.get("WWW-Authenticate", "")
        refused[name] = (reply.status_code, challenge[:22], reply.json()["success"])

    expected = (401, 'Bearer realm="tasks", ', False)
    assert {n: got for n, got in refused.items() if got != expected} == {}
    assert not Identity.objects.exists()


@pytest.mark.django_db
def test_over_http_the_good_token_they_were_made_from_is_taken(
    client: Client, idp: Idp
) -> None:
    headers = {"Authorization": f"Bearer {idp.token()}"}

    assert client.get(TASK, headers=headers).status_code == 404
    assert Identity.objects.get().subject == f"{idp.issuer} service-1"


@pytest.mark.django_db
def test_over_http_no_token_is_a_401_that_names_no_error(client: Client) -> None:
    reply = client.get(TASK)

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="tasks"'


def test_forged_tokens_cost_few_fetches_of_keys(idp: Idp) -> None:
    access.grant_of(f"Bearer {idp.token()}")
    idp.asked.clear()

    for number in range(50):
        token = idp.sign(idp.claims(), kid=f"unknown-{number}")
        with pytest.raises(NotAuthenticated):
            access.grant_of(f"Bearer {token}")

    assert idp.key_fetches == 1
