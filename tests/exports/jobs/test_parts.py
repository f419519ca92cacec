"""Several jobs that share one export: the same file as of one, in the same order."""

import json
from typing import Any

import pytest

from exports import parts
from exports.models import ExportPart, ExportTask
from tasks import services
from tasks.engine import clock, shift
from tasks.engine.run import Run
from tasks.models import Job, JobEvent, Segment
from tests.support.exporting import an_export, ended, exported, failed, leftovers
from tests.support.jobs import claimed, lose, put
from tests.support.pages import Paged
from tests.support.sources import Sources, csv_of
from tests.tasks.outbound.servers import Answer, ok

pytestmark = pytest.mark.django_db(transaction=True)

FORMATS: list[dict[str, Any]] = [
    {"file_type": "csv"},
    {"file_type": "json"},
    {"file_type": "ndjson"},
    {"file_type": "xlsx"},
    {"file_type": "parquet"},
    {"file_type": "zip"},
    {"file_type": "zip", "inner_type": "json"},
    {"file_type": "zip", "inner_type": "parquet"},
]
STEPS: list[dict[str, Any]] = [
    {"filter": "no name = /7$/", "types": {"price": "number"}, "select": ["id", "x"]},
    {"types": {"name": "integer"}},
    {"group_by": ["name"], "aggregates": [{"function": "sum", "column": "price"}]},
    {"sort": ["-price"], "limit": 31},
    {"limit": 7},
]
# Columns that come late, or change what they hold, in different parts.
ROWS: list[dict[str, Any]] = [
    {"id": n, "name": f"é{n % 13}", "price": n / 2 if n % 7 else n}
    | ({"x": None if n < 60 else 2**60 if n == 70 else "text" if n > 90 else n})
    for n in range(100)
]
PAGES: dict[str, Any] = {"paging": {"size": 10}, "page_limit": 15}
CASES = [
    *(one for one in FORMATS),
    *({"file_type": "csv"} | steps for steps in STEPS),
    *({"file_type": "parquet"} | steps for steps in STEPS),
    {"file_type": "zip", "inner_type": "json"} | STEPS[0],
]


def kinds() -> list[str]:
    return list(Job.objects.values_list("kind", flat=True).order_by("queued_at"))


def shared(workers: int = 4, **wanted: Any) -> bytes:
    """Run an export that several jobs share; nothing of theirs may be left."""
    body, artifact = exported(**wanted, workers=workers)
    assert kinds().count("exports.part") >= workers
    assert not ExportPart.objects.exists()
    assert not Segment.objects.exists()
    digest = artifact.digest
    assert leftovers() == [f"store/{digest[:2]}/{digest[2:4]}/{digest}"]
    return body


@pytest.mark.parametrize("case", CASES, ids=str)
def test_several_jobs_make_the_same_bytes_as_one(
    sources: Sources, case: dict[str, Any]
) -> None:
    wanted = {"url": Paged(ROWS).serve(sources), **PAGES, **case}

    several = shared(**wanted)
    one, artifact = exported(**wanted)

    assert several == one
    assert artifact.rows


@pytest.mark.parametrize(
    "wanted",
    [
        {"paging": {"size": 10}, "page_limit": 7},
        {"paging": {"size": 10, "total_limit": 100}},
        {"paging": {"size": 10, "total_limit": 73}},
        {"paging": {"size": 10, "total_limit": 730}},
        {"paging": {"size": 10, "total_limit": 73}, "page_limit": 7},
        {"paging": {"size": 7, "stop_on_short": True}, "page_limit": 30},
        {"paging": {"size": 30, "first_page": 2}, "page_limit": 9},
        {"paging": {"style": "offset", "size": 10, "total_limit": 73}},
        {"paging": {"style": "offset", "size": 10, "total_limit": 400}},
    ],
    ids=str,
)
def test_pages_end_where_they_end_for_one_job(
    sources: Sources, wanted: dict[str, Any]
) -> None:
    paging = wanted["paging"]
    table = Paged(ROWS, style=paging.get("style", "page"))
    url = table.serve(sources)

    several, told = exported(url, **wanted, workers=4, file_type="ndjson")
    one, alone = exported(url, **wanted, file_type="ndjson")

    assert several == one
    sources_told = [artifact.receipt["sources"][0] for artifact in (told, alone)]
    assert len({str(sorted(one["drifts"], key=str)) for one in sources_told}) == 1
    assert len({(one["pages"], one["bytes"]) for one in sources_told}) == 1


def test_a_source_that_caps_its_pages_is_cut_by_rows(sources: Sources) -> None:
    url = Paged(ROWS, style="offset", most=4).serve(sources)
    paging = {"style": "offset", "size": 10, "total_limit": 95}

    several = shared(url=url, paging=paging)

    assert several == exported(url, paging=paging)[0]


def test_a_source_that_caps_numbered_pages_is_told_and_not_guessed(
    sources: Sources,
) -> None:
    url = Paged(ROWS, most=4).serve(sources)

    job = failed(url, paging={"size": 10, "total_limit": 90}, workers=3)

    assert job.error_code == "uneven_pages"
    assert job.error.startswith("Pages 1 to 3 hold 12 rows and not 30: ")


def test_a_source_that_heeds_no_page_is_found_out(sources: Sources) -> None:
    url = sources.put("/rows", json.dumps(ROWS[:10]).encode())

    job = failed(url, paging={"size": 10}, page_limit=12, workers=4)

    assert job.error_code == "repeated_page"


def test_files_come_one_after_another(sources: Sources) -> None:
    names = [
        sources.put(f"/{n}.csv", csv_of([("n", "m"), *((n, i) for i in range(300))]))
        for n in range(5)
    ]
    names.append(sources.put("/5.json", b'[{"n": 5, "k": true}]'))
    wanted: dict[str, Any] = {
        "source_urls": names,
        "paging": None,
        "types": {"m": "integer"},
    }

    several = shared(workers=3, **wanted)
    one, artifact = exported(**wanted)

    assert several == one
    lines = one.decode().splitlines()
    assert (lines[0], lines[1], lines[-1]) == ("n,m,k", "0,0,", "5,,true")
    assert [line.split(",")[0] for line in lines[1:1501:300]] == list("01234")
    told = artifact.receipt["sources"]
    assert [one["url"] for one in told] == names
    assert [len(one["drifts"]) for one in told] == [0, 0, 0, 0, 0, 2]


def test_what_does_not_fit_is_told_by_the_rows_of_the_whole(sources: Sources) -> None:
    url = Paged(ROWS).serve(sources)
    wanted: dict[str, Any] = {**PAGES, "types": {"x": "integer"}}

    told = exported(url, **wanted, workers=4)[1].receipt
    alone = exported(url, **wanted)[1].receipt

    assert told["misfitted"] == 9
    assert [one["row"] for one in told["misfits"]] == list(range(92, 101))
    for name in ("misfitted", "misfits", "remarks", "rows", "sha256"):
        assert told[name] == alone[name]


def test_a_part_is_tried_again_by_itself(sources: Sources) -> None:
    busy = [ok(b"", "Retry-After: 6", status="503 Busy")]

    def fails_once(query: dict[str, str]) -> bytes | Answer | None:
        return busy.pop() if query["page"] == "6" and busy else None

    table = Paged(ROWS, before=fails_once)

    shared(url=table.serve(sources), **PAGES)

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
    mine = shift.Shift()
    while not task.parts.exists() or not parts.is_due(task):
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
