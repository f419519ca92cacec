"""The downloader of the seed against a live service: pages, counts, polls."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.downloader import Downloader
from tests.support.sharing import Partner, a_share, some_events

pytestmark = pytest.mark.live


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


@pytest.mark.faults  # on a machine that does nothing else
def test_an_idle_worker_answers_by_the_first_poll(alice: Partner) -> None:
    share = a_share("idle")
    alice.append(share, some_events(1000))
    downloader = Downloader(at(alice, share), alice.key, filter="n = 7")
    polls: list[list[int]] = []

    for _ in range(10):
        assert [len(page) for page in downloader.pages()] == [1]
        polls.append(downloader.polls)

    assert polls.count([302]) >= 9, polls
