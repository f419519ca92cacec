"""Several jobs that share one export: the same file as of one, in the same order."""

import json
from typing import Any

import pytest

from exports.models import ExportPart
from tasks.models import Job, Segment
from tests.support.exporting import exported, failed, leftovers
from tests.support.pages import Paged
from tests.support.sources import Sources, csv_of

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
