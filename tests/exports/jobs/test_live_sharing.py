"""Real workers, killed beside a commit of theirs: queries and streams stay whole."""

from pathlib import Path

import pytest
from pytest_django import Settings

from exports import sharing
from exports.models import Batch, Share
from exports.sharing import Terms
from tasks.archive import stored
from tasks.models import Job
from tasks.states import FINAL, JobState
from tests.support.crash import DONE
from tests.support.live import Live
from tests.support.polling import until
from tests.support.sharing import a_query, a_stream, put, read_page

BATCHES = 66

pytestmark = [pytest.mark.live, pytest.mark.faults]


@pytest.fixture
def share(live: Live, tmp_path: Path, settings: Settings) -> Share:
    live.environment.pop("LIVE_KINDS", None)
    live.environment["CRASH_PLAN"] = str(tmp_path / "plan")
    settings.STORE_URL = str(live.folder / "store")
    stored.store.cache_clear()
    return sharing.create_share(stream=a_stream(), clients=[], terms=Terms())


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return tmp_path / "plan"


def all_ended() -> bool:
    return not Job.objects.exclude(state__in=FINAL).exists()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_query_whose_worker_was_killed_is_answered_by_another(
    when: str, live: Live, share: Share, plan: Path
) -> None:
    put(share.stream, [{"n": str(n)} for n in range(50)])
    live.start(workers=1)

    for at in (1, 2):  # its claim, its success
        plan.write_text(f"{at} {when}")
        query = a_query(share, name="owner", filter=f"no n = {at}")
        until(all_ended, within_s=40, what="the query was answered")
        query.refresh_from_db()

        wanted = [str(n) for n in range(50) if n != at]
        assert [one["n"] for one in read_page(query)] == wanted
        assert plan.read_text() == DONE


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_stream_whose_compaction_was_killed_has_each_event_once(
    when: str, live: Live, share: Share, plan: Path
) -> None:
    live.start(workers=1)
    count = 0

    for at in (1, 2, 3):  # its claim, the new segment, its success
        plan.write_text(f"{at} {when}")
        for _ in range(BATCHES):
            put(share.stream, [{"n": str(count)}])
            count += 1
        until(all_ended, within_s=40, what="the stream was compacted")
        assert plan.read_text() == DONE
        share.stream.refresh_from_db()
        plan.write_text("")
        query = a_query(share, name="owner", filter="*")
        until(all_ended, within_s=40, what="the query was answered")
        query.refresh_from_db()
        assert [one["n"] for one in read_page(query)] == [str(n) for n in range(count)]

    jobs = Job.objects.filter(kind="exports.compact")
    assert set(jobs.values_list("state", flat=True)) == {JobState.SUCCEEDED}
    assert Batch.objects.tail().count() < BATCHES
