"""Parts of an export that fail, are cancelled or lost, and what becomes of it."""

from typing import Any

import pytest

from exports import parts
from exports.models import ExportTask
from tasks import services
from tasks.engine import clock, shift
from tasks.engine.run import Run
from tasks.models import Job, JobEvent, Segment
from tests.support.exporting import an_export, ended, exported, failed, leftovers
from tests.support.jobs import claimed, lose, put
from tests.support.pages import Paged
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, ok

pytestmark = pytest.mark.django_db(transaction=True)

ROWS: list[dict[str, Any]] = [{"id": n, "name": f"n{n % 13}"} for n in range(100)]
PAGES: dict[str, Any] = {"paging": {"size": 10}, "page_limit": 15}


def test_a_part_is_tried_again_by_itself(sources: Sources) -> None:
    busy = [ok(b"", "Retry-After: 6", status="503 Busy")]

    def fails_once(query: dict[str, str]) -> bytes | Answer | None:
        return busy.pop() if query["page"] == "6" and busy else None

    table = Paged(ROWS, before=fails_once)

    exported(table.serve(sources), **PAGES, workers=4)

    retries = list(Job.objects.values_list("kind", "retries").filter(retries__gt=0))
    assert retries == [("exports.part", 1)]
    assert sum(one["page"] == "1" for one in table.queries) == 1


def test_one_part_that_fails_fails_the_export_and_ends_the_others(
    sources: Sources,
) -> None:
    def refuses(query: dict[str, str]) -> bytes | Answer | None:
        return ok(b"no", status="403 Forbidden") if query["page"] == "6" else None

    url = Paged(ROWS, before=refuses).serve(sources)

    job = failed(f"{url}?key=s3cret", **PAGES, workers=4)

    assert job.error_code == "bad_status"
    assert job.error.startswith("Part 2 of 4: Page 6: http://127.0.0.1:")
    assert "s3cret" not in job.error
    assert not Job.objects.open().exists()
    assert not Segment.objects.exists()


def test_a_failed_export_that_is_tried_again_begins_anew(sources: Sources) -> None:
    answers = [ok(b"no", status="403 Forbidden")]

    def refuses_once(query: dict[str, str]) -> bytes | Answer | None:
        return answers.pop() if query["page"] == "6" and answers else None

    task = an_export(
        Paged(ROWS, before=refuses_once).serve(sources), **PAGES, workers=4
    )
    assert ended(task).job.state == "failed"

    services.retry(ended(task).job)
    again = ended(task)

    assert (again.job.state, again.job.rows) == ("succeeded", 100)


def napping(_: ExportTask) -> shift.Shift:
    """Run an export until it waits for its parts; return who ran it."""
    mine = shift.Shift()
    mine._take()
    while mine.held:
        mine._turn()
    return mine


def test_an_export_holds_no_worker_while_its_parts_are_made(sources: Sources) -> None:
    task = an_export(Paged(ROWS).serve(sources), **PAGES, workers=4)

    mine = napping(task)

    task.job.refresh_from_db()
    assert (task.job.state, task.job.lease_owner) == ("inprogress", "")
    assert not mine.held
    assert Job.objects.filter(kind="exports.part", state="queued").count() == 4


def test_cancelling_an_export_cancels_its_parts(sources: Sources) -> None:
    task = an_export(Paged(ROWS).serve(sources), **PAGES, workers=4)
    mine = napping(task)
    mine._take()  # a part is begun

    services.cancel(task.job)
    while mine.held:
        mine._turn()
        mine._drop_stopped()

    states = Job.objects.values_list("state", flat=True)
    assert set(states) == {"cancelled"}
    assert leftovers() == []


def test_a_part_that_somebody_cancels_fails_its_export(sources: Sources) -> None:
    task = an_export(Paged(ROWS).serve(sources), **PAGES, workers=4)
    napping(task)

    services.cancel(
        Job.objects.filter(kind="exports.part").order_by("params__number")[2]
    )
    done = ended(task)

    assert done.job.error_code == "part_cancelled"
    assert done.job.error == "Part 3 of 4 was cancelled."


def test_the_log_says_that_the_work_was_shared(sources: Sources) -> None:
    task = an_export(Paged(ROWS).serve(sources), **PAGES, workers=4)

    ended(task)

    kinds = JobEvent.objects.filter(job=task.job).values_list("kind", flat=True)
    assert list(kinds).count("claimed") <= 4
    texts = [
        one.data["text"] for one in JobEvent.objects.filter(job=task.job, kind="note")
    ]
    assert texts[0] == "4 jobs share the work: fetch"


def test_who_lost_the_export_while_it_was_put_together_changes_nothing(
    sources: Sources,
) -> None:
    task = an_export(
        Paged(ROWS).serve(sources), **PAGES, workers=4, file_type="parquet"
    )
    mine = napping(task)
    while not parts.is_due(task):
        mine._take()
        mine._turn()
    services.wake(task.job_id)
    late = Run(claimed(task.job))
    assert not late.advance(until=0)
    lose(late.job)

    done = ended(task)
    assert late.advance(until=float("inf"))
    late.end()

    assert (done.job.state, done.job.rows) == ("succeeded", 100)
    assert done.artifact is not None
    digest = done.artifact.digest
    assert leftovers() == [f"store/{digest[:2]}/{digest[2:4]}/{digest}"]


def test_the_sweep_adds_up_and_wakes_who_was_not_told(sources: Sources) -> None:
    task = an_export(Paged(ROWS).serve(sources), **PAGES, workers=2)
    napping(task)
    first, second = Job.objects.filter(kind="exports.part").order_by("params__number")
    put(first, done=4, total=8, rows=40, size_bytes=900)
    put(second, done=2, total=8, rows=20, size_bytes=400)

    parts.sweep(at=clock.now())

    task.job.refresh_from_db()
    told = (task.job.percent, task.job.rows, task.job.size_bytes)
    assert told == (18, 60, 1300)
    put(second, state="failed", due_at=None)
    parts.sweep(at=clock.now())
    task.job.refresh_from_db()
    assert task.job.due_at is not None
    assert task.job.due_at <= clock.now()
