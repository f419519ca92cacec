"""Real workers fetching real pages, killed on the way."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tasks import prune
from tasks.archive import stored
from tasks.engine import clock, sweep
from tasks.models import Segment
from tests.support.backends import BACKENDS
from tests.support.crash import DONE
from tests.support.live import Live
from tests.support.pages import KIND, Paged, a_table, fetched, ids_of, slowly
from tests.support.polling import until
from tests.support.sources import Sources

pytestmark = pytest.mark.live

PAGES = 40
CURSOR = {"style": "cursor", "items_path": "data.items", "cursor_path": "meta.next"}


@pytest.fixture
def live(live: Live, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A service that knows the job; this process prunes its store, of all ages."""
    settings.STORE_URL = str(live.folder / "store")
    stored.store.cache_clear()
    monkeypatch.setattr(prune, "YOUNG_S", -1.0)
    monkeypatch.setattr(sweep, "LEFTOVER_AGE_S", -1.0)
    live.environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.support.pages_settings",
        "OUTBOUND_ALLOW_NETS": "127.0.0.0/8",
        "OUTBOUND_PORTS": "any",
    }
    return live


def left_over(live: Live) -> int:
    """Count the files in the store: one for each worker killed beside a commit."""
    return sum(path.is_file() for path in (live.folder / "store").rglob("*"))


@pytest.mark.parametrize(
    "backend",
    [BACKENDS[0], *(pytest.param(b, marks=pytest.mark.faults) for b in BACKENDS[1:])],
    indirect=True,
)
@pytest.mark.parametrize(
    ("style", "paging"), [("page", {}), ("cursor", CURSOR)], ids=["page", "cursor"]
)
def test_every_row_comes_once_whatever_is_killed(
    style: str, paging: dict[str, str], live: Live, sources: Sources
) -> None:
    table = Paged(a_table(10 * PAGES), style=style)
    url = slowly(table, sources)
    work = live.start(workers=2)
    job = live.enqueue(KIND, url=url, paging=paging)

    for done in (5, 15, 25):
        live.under_way(job, done=done)
        work.worker_of(job).kill()
    live.succeeded(job, within_s=30)

    assert ids_of(job) == list(range(10 * PAGES))
    assert fetched(job)["pages"] == list(range(1, PAGES + 1))
    # At most the three under way and one not committed are asked for once more.
    assert len(table.seen) <= PAGES + 3 * 4 + 3
    assert not Segment.objects.exists()
    until(lambda: left_over(live) <= 3, within_s=5, what="the segments are gone")
    prune.prune(before=clock.now())
    assert left_over(live) == 0


def test_two_workers_together_keep_the_pace_of_a_host(
    live: Live, sources: Sources
) -> None:
    table = Paged(a_table(70))
    url = table.serve(sources)
    live.start(workers=2)

    jobs = [live.enqueue(KIND, lane=lane, url=url, rate_limit=8) for lane in ("a", "b")]
    live.succeeded(*jobs, within_s=30)

    assert [ids_of(job) for job in jobs] == [list(range(70))] * 2
    times = sorted(one.at for one in table.seen)
    # One more for a request that was late while the next was not, twice for safety.
    assert all(later - at >= 1.0 for at, later in pairwise_after(times, 10))


def pairwise_after(times: list[float], count: int) -> list[tuple[float, float]]:
    """Pair each time with the one so many requests later."""
    return list(zip(times, times[count:], strict=False))


@pytest.mark.faults
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_beside_any_commit_loses_and_doubles_no_row(
    when: str, live: Live, sources: Sources, tmp_path: Path
) -> None:
    plan = tmp_path / "plan"
    live.environment["CRASH_PLAN"] = str(plan)
    url = Paged(a_table(25)).serve(sources)
    live.start(workers=1)
    reached = []

    for at in range(1, 7):  # a claim, three pages and an empty one, the success
        plan.write_text(f"{at} {when}")
        job = live.enqueue(KIND, url=url, concurrency=1)
        live.succeeded(job, within_s=20)
        assert ids_of(job) == list(range(25)), f"{when} {at}"
        assert not Segment.objects.exists()
        reached.append(plan.read_text() == DONE)

    assert all(reached)
