"""Who the bearer of a token is to this service."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.db import connection, connections
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.dialects.common.auth import IdpDown, NotAuthenticated, WrongScope, caller_of
from tasks.models import Client, Identity
from tests.support.idp import Idp

pytestmark = pytest.mark.django_db


def caller(token: str, scope: str = "read") -> Client:
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {token}"})
    return caller_of(request, scope=scope)


def test_the_same_subject_is_the_same_client_each_time(idp: Idp) -> None:
    first = caller(idp.token())

    assert caller(idp.token(), "write") == first
    assert first.name == f"oidc:{idp.issuer} service-1"
    assert Client.objects.count() == 1


def test_two_subjects_are_two_clients(idp: Idp) -> None:
    assert caller(idp.token(sub="one")) != caller(idp.token(sub="two"))


@pytest.mark.parametrize(("held", "needed"), [("read", "write"), ("write", "read")])
def test_one_scope_does_not_hold_the_other(idp: Idp, held: str, needed: str) -> None:
    with pytest.raises(WrongScope) as caught:
        caller(idp.token(scope=held), needed)

    assert caught.value.status == 403
    assert caught.value.headers == {
        "WWW-Authenticate": 'Bearer realm="tasks", error="insufficient_scope",'
        f' scope="{needed}"'
    }
    assert not Client.objects.exists()


def test_a_revoked_client_is_refused_at_once(idp: Idp) -> None:
    client = caller(idp.token())
    client.revoked_at = timezone.now()
    client.save()

    with pytest.raises(NotAuthenticated, match="has been revoked"):
        caller(idp.token())


def test_an_identity_may_be_given_to_a_client_of_another_name(idp: Idp) -> None:
    ours = Client.objects.create(name="the backend")
    subject = f"{idp.issuer} service-1"
    Identity.objects.create(client=ours, scheme="oidc", subject=subject)

    assert caller(idp.token()) == ours


def test_the_longest_subject_is_kept(idp: Idp) -> None:
    client = caller(idp.token(sub="s" * 255))

    assert caller(idp.token(sub="s" * 255)) == client
    assert caller(idp.token(sub="s" * 254 + "t")) != client


def test_a_known_caller_costs_one_query_and_no_lock(idp: Idp) -> None:
    caller(idp.token())

    with CaptureQueriesContext(connection) as queries:
        caller(idp.token())

    assert [query["sql"][:6] for query in queries] == ["SELECT"]


def test_down_is_told_apart_from_refused(idp: Idp) -> None:
    idp.stop()

    with pytest.raises(IdpDown):
        caller(idp.token())


@pytest.mark.django_db(transaction=True)
def test_eight_first_requests_at_once_make_one_client(idp: Idp) -> None:
    token = idp.token()

    def ask(_: int) -> int:
        try:
            return caller(token).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert Identity.objects.count() == 1


@pytest.mark.parametrize(
    ("client", "scopes"),
    [("backend", {"read", "write"}), ("opaque", {"read", "write"})],
)
def test_client_credentials_need_no_user_info(
    idp: Idp, client: str, scopes: set[str]
) -> None:
    token = token_of(idp, client)

    for scope in scopes:
        assert caller(token, scope).name == f"oidc:{idp.issuer} {client}"
    assert idp.asked["/userinfo"] == 0


def test_a_client_that_may_only_read_may_not_write(idp: Idp) -> None:
    with pytest.raises(WrongScope):
        caller(token_of(idp, "reader"), "write")


def token_of(idp: Idp, client: str) -> str:
    reply = requests.post(
        f"{idp.issuer}/token",
        data={"grant_type": "client_credentials"},
        auth=(client, f"{client}-secret"),
        timeout=5,
    )
    return str(reply.json()["access_token"])
