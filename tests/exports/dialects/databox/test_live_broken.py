"""A connection breaks while a result is on its way: it is not lost, nor told twice."""

import json
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from exports.models import Delivery
from tests.support.backends import why_not
from tests.support.databox import (
    LARGEST,
    Databox,
    answered,
    cramped,
    deaf_socket,
    masked,
    poll_and_read_nothing,
    token,
    wanted,
)
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.web import Web

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("broken")
    with django_db_blocker.unblock(), cramped(request.param, folder) as running:
        yield running


def test_a_result_that_broke_off_on_its_way_can_be_asked_for_again(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="broken")
    delivery_id = client.hand_over(destination.url("/large"))
    answered(delivery_id)
    claimed = Delivery.objects.filter(pk=delivery_id, claimed_at__isnull=False)

    with poll_and_read_nothing(service, client, delivery_id):
        until(claimed.exists, within_s=5, what="the result is on its way")
        while_it_is = client.ask(delivery_id)
    until(lambda: not claimed.exists(), within_s=5, what="it was given back")
    again = client.ask(delivery_id)
    after = client.ask(delivery_id)

    assert while_it_is.status_code == 404
    assert len(again.json()["ext_response"]["body"]) == LARGEST
    assert again.headers["Content-Length"] == str(len(again.content))
    assert after.status_code == 404


@pytest.mark.faults
def test_a_socket_that_reads_nothing_is_closed_and_its_results_are_kept(
    service: Web, destination: Sources
) -> None:
    poller = Databox(service, identifier="deaf")
    theirs = Delivery.objects.filter(destination=destination.url("/large?deaf"))
    claimed = theirs.filter(claimed_at__isnull=False)

    with deaf_socket(service, token("/ws/export", identifier="deaf")) as raw:
        for _ in range(4):
            body = json.dumps(wanted(destination.url("/large?deaf")))
            raw.sendall(masked(body))
        until(claimed.exists, within_s=20, what="a result is on its way")
        on_their_way = claimed.count()
        until(lambda: not claimed.exists(), within_s=25, what="it was given back")
        # The door took in no more than it could tell of.
        ids = [str(answered(str(one.pk)).pk) for one in theirs]
        statuses = {poller.ask(delivery_id).status_code for delivery_id in ids}

    assert on_their_way == 1
    assert statuses == {200}
