"""The downloader of the seed against a live service: pages, counts, and hammering."""

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


def at(alice: Partner, share: object) -> str:
    return f"{alice.service.address}/shares/v2/async/{share}"


def test_it_downloads_all_pages_and_the_count(alice: Partner) -> None:
    share = a_share("downloaded")
    alice.append(share, some_events(25))
    downloader = Downloader(at(alice, share), alice.key, limit="10")

    pages = list(downloader.pages())

    assert [len(page) for page in pages] == [10, 10, 5]
    assert [one["n"] for page in pages for one in page] == [str(n) for n in range(25)]
    assert downloader.count() == 25


def test_what_is_assembled_is_there_at_the_first_poll(alice: Partner) -> None:
    share = a_share("at once")
    alice.append(share, some_events(1000))
    downloader = Downloader(at(alice, share), alice.key)

    for _ in range(5):
        assert [len(page) for page in downloader.pages()] == [1000]
        assert downloader.polls == [302]


def test_it_reads_a_notification_with_the_parameters_that_it_always_sends(
    alice: Partner,
) -> None:
    share = a_share("told", notification=True)
    alice.append(share, some_events(2))
    alice.append(share, some_events(3))

    second = Downloader(f"{at(alice, share)}/2", alice.key)

    assert [len(page) for page in second.pages()] == [3]
    assert second.count() == 3


def test_of_two_that_fetch_one_query_one_gets_it_and_the_other_is_told_it_is_gone(
    alice: Partner,
) -> None:
    share = a_share("two")
    alice.append(share, some_events(3))
    where = alice.finished(alice.submit(share))

    with ThreadPoolExecutor(8) as aside:
        replies = list(aside.map(lambda _: alice.ask("GET", where), range(8)))

    assert sorted(one.status_code for one in replies) == [200] + [410] * 7


def test_a_hammering_client_is_refused_until_there_is_room(narrow: Web) -> None:
    alice = Partner(narrow)
    share = a_share("hammered")
    alice.append(share, some_events(3))
    first = alice.submit(share, "?filter=n%20%3D%201")
    alice.finished(first)
    held = Job.objects.filter(client=a_client())
    later = clock.now() + timedelta(hours=1)
    held.update(state="queued", due_at=later, finished_at=None)
    downloader = Downloader(at(alice, share), alice.key, filter="n = 2")

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


@pytest.mark.faults  # on a machine that does nothing else
def test_an_idle_worker_answers_by_the_first_poll(alice: Partner) -> None:
    share = a_share("idle")
    alice.append(share, some_events(1000))
    downloader = Downloader(at(alice, share), alice.key, filter="n = 7")
    polls: list[list[int]] = []

    for _ in range(10):
        assert [len(page) for page in downloader.pages()] == [1]
        polls.append(downloader.polls)

    assert [302] in polls
