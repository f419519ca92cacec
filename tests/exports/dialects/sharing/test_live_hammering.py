"""A client that asks for more than it may, again and again without a pause."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from pytest_django import DjangoDbBlocker

from tasks.engine import clock
from tasks.models import Job
from tests.support.downloader import Downloader
from tests.support.jobs import a_client
from tests.support.sharing import Partner, a_share, sharing_service, some_events
from tests.support.web import Web

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def narrow(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Web]:
    """A service that takes in one job of a client at a time."""
    folder = tmp_path_factory.mktemp("narrow")
    with (
        django_db_blocker.unblock(),
        sharing_service("sqlite", folder, MAX_OPEN_JOBS_PER_CLIENT="1") as running,
    ):
        yield running


def test_a_hammering_client_is_refused_until_there_is_room(narrow: Web) -> None:
    alice = Partner(narrow)
    share = a_share("hammered")
    alice.append(share, some_events(3))
    first = alice.submit(share, "?filter=n%20%3D%201")
    alice.finished(first)
    held = Job.objects.filter(client=a_client())
    later = clock.now() + timedelta(hours=1)
    held.update(state="queued", due_at=later, finished_at=None)
    where = f"{narrow.address}/shares/v2/async/{share.pk}"
    downloader = Downloader(where, alice.key, filter="n = 2")

    with ThreadPoolExecutor(1) as aside:
        pages = aside.submit(lambda: list(downloader.pages()))
        begun = Event()
        while downloader.refusals < 200 and not pages.done():
            begun.wait(0.01)
        held.update(state="cancelled", due_at=None)
        found = pages.result(30)

    assert [[one["n"] for one in page] for page in found] == [["2"]]
    assert downloader.refusals >= 200


def test_a_refusal_says_when_to_come_again(narrow: Web) -> None:
    bob = Partner(narrow, "bob")
    share = a_share("refused", readers=("bob",))
    bob.append(share, some_events(3))
    bob.finished(bob.submit(share, "?filter=n%20%3D%201"))
    held = Job.objects.filter(client=a_client("bob"))
    later = clock.now() + timedelta(hours=1)
    held.update(state="queued", due_at=later, finished_at=None)

    # Not even the parameters of what is refused are looked at.
    replies = [bob.post(share, "?limit=nonsense") for _ in range(2)]

    held.update(state="cancelled", due_at=None)
    for reply in replies:
        assert reply.status_code == 503
        assert int(reply.headers["Retry-After"]) >= 1
        assert reply.json() == {
            "title": "503 Service Unavailable",
            "description": "bob has 1 unfinished jobs, as many as it may have.",
            "errors": [],
        }
