"""Identifiers of macaroons: one row and one client each, whoever comes first."""

import pytest
from pytest_django import Settings

from exports import capabilities
from exports.capabilities import AnothersIdentifier
from exports.dialects.databox.auth import authenticate
from exports.models import MacaroonIdentifier
from tasks import services
from tasks.models import Client, Identity
from tests.exports.macaroons.made import SECRET, VECTOR
from tests.support.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_of_many_first_visits_at_once_comes_one_client(
    settings: Settings,
) -> None:
    settings.MACAROON_SECRET = SECRET.decode()
    headers = {"X-Api-Key": VECTOR}

    seen = at_once(
        8, lambda: authenticate(headers, method="POST", path="/export").client.pk
    )

    assert len(set(seen)) == 1
    assert Client.objects.count() == MacaroonIdentifier.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_clients_that_claim_an_identifier_at_once_one_has_it() -> None:
    clients = [services.create_client(name=f"client-{n}") for n in range(6)]
    waiting = list(clients)

    def claim() -> bool:
        try:
            capabilities.keep_identifier("app", client=waiting.pop())
        except AnothersIdentifier:
            return False
        return True

    assert sum(at_once(6, claim)) == 1
    assert Identity.objects.get().client in clients


@pytest.mark.django_db
def test_what_is_bound_by_the_list_stays_so() -> None:
    capabilities.keep_identifier("app", listed_only=True)

    assert capabilities.keep_identifier("app", listed_only=False).listed_only


@pytest.mark.django_db
def test_an_identifier_is_revoked_once() -> None:
    known = capabilities.keep_identifier("app")
    chosen = MacaroonIdentifier.objects.filter(pk=known.pk)

    assert [capabilities.revoke(chosen), capabilities.revoke(chosen)] == [1, 0]
    assert capabilities.keep_identifier("app").is_revoked
