"""Downloads under way: how many at once, and how they end."""

from threading import Lock
from threading import enumerate as threads
from time import sleep

import pytest

from tasks.collecting.berths import Berths
from tasks.collecting.crew import Crew
from tasks.collecting.download import Fetched, Terms, Wanted
from tests.support.exporting import leftovers
from tests.support.polling import until
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Connection, Request, ok


class Counter:
    """Answers after a moment, and counts how many do so at once."""

    def __init__(self) -> None:
        self.now, self.most, self.guard = 0, 0, Lock()

    def __call__(self, peer: Connection, request: Request) -> None:
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
        sleep(0.05)
        with self.guard:
            self.now -= 1
        peer.send(ok(b"x"))


def a_crew(sources: Sources, **fields: int) -> Crew:
    terms = Terms(sources.policy(), 1000, fence="fence")
    return Crew(terms, wake=lambda: None, places=Berths(**fields))


def fetched(crew: Crew, urls: list[str], *, hosts: int = 1) -> int:
    """Fetch all, as if they were on several hosts; return how many came."""
    crew.add(Wanted(n, url, f"host-{n % hosts}", "a") for n, url in enumerate(urls))
    until(lambda: not crew.in_hand - done(crew), within_s=20, what="all are done")
    crew.close()
    return sum(isinstance(one, Fetched) for one in crew.take())


def done(crew: Crew) -> set[int]:
    return {one.wanted.id for one in crew._done if isinstance(one, Fetched)}


@pytest.mark.parametrize(
    ("limits", "hosts", "most"),
    [
        pytest.param({"per_host": 4}, 1, 4, id="as many as of one host"),
        pytest.param({}, 5, 16, id="sixteen of a task"),
        pytest.param({"in_all": 3}, 5, 3, id="as many as the process may"),
    ],
)
def test_so_many_are_under_way_at_once(
    limits: dict[str, int], hosts: int, most: int, sources: Sources
) -> None:
    counter = Counter()
    urls = [sources.act(f"/{n}", counter) for n in range(40)]

    assert fetched(a_crew(sources, **limits), urls, hosts=hosts) == 40

    assert counter.most == most


def test_a_crew_that_stops_hangs_up_and_leaves_neither_thread_nor_file(
    sources: Sources,
) -> None:
    before = threads()

    def hangs(peer: Connection, request: Request) -> None:
        peer.send(ok(b"begin", length=100))
        peer.sock.recv(1)

    crew = a_crew(sources)
    urls = [sources.act(f"/{n}", hangs) for n in range(10)]
    crew.add(Wanted(n, url, f"host-{n}", "a") for n, url in enumerate(urls))
    until(lambda: len(sources.requests) == 10, within_s=5, what="all were asked for")

    crew.close()

    assert [
        one.name for one in threads() if one not in before and one.name == "asset"
    ] == []
    assert leftovers() == []
    assert crew.take() == []
