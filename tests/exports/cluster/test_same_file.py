"""Exports that the cluster makes: the same files as the service makes by itself."""

from typing import Any

import polars as pl
import pytest

from exports.cluster import shuffle
from tasks.models import Segment
from tests.support.exporting import exported, leftovers
from tests.support.pages import Paged
from tests.support.sources import Sources, csv_of

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

ROWS: list[dict[str, Any]] = [
    {"id": n, "name": f"é{n % 13}", "price": n / 2 if n % 7 else n}
    | ({"x": None if n < 60 else 2**60 if n == 70 else "text" if n > 90 else n})
    for n in range(100)
]
SUMS = [
    {"function": "count"},
    {"function": "sum", "column": "price", "name": "total"},
    {"function": "first", "column": "id"},
    {"function": "max", "column": "x"},
]
STEPS: list[dict[str, Any]] = [
    {},
    {"filter": "no name = /7$/", "types": {"x": "integer"}, "select": ["id", "x"]},
    {"limit": 37},
    {"sort": ["-name", "price"]},
    {"sort": ["x", "-price"], "select": ["id"], "limit": 31},
    {"group_by": ["name"], "aggregates": SUMS},
    {"group_by": ["name", "price"], "aggregates": SUMS, "sort": ["-total"]},
    {"aggregates": SUMS},
    {"filter": "name = nobody", "group_by": ["name"], "aggregates": SUMS},
    {"filter": "name = nobody", "aggregates": SUMS},
    {"filter": "name = nobody", "sort": ["id"]},
]
FORMATS: list[dict[str, Any]] = [
    {"file_type": "json"},
    {"file_type": "ndjson"},
    {"file_type": "xlsx"},
    {"file_type": "zip"},
    {"file_type": "zip", "inner_type": "json"},
]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a small table go through many steps."""
    monkeypatch.setattr(shuffle, "CHUNK_BYTES", 1_000)


@pytest.mark.parametrize("steps", STEPS, ids=lambda one: "-".join(one) or "none")
def test_the_cluster_makes_the_same_bytes(
    sources: Sources, steps: dict[str, Any]
) -> None:
    url = Paged(ROWS).serve(sources)
    wanted: dict[str, Any] = {"paging": {"size": 20}, "page_limit": 9, **steps}

    by_cluster, told = exported(url, **wanted, compute="cluster")
    by_service, alone = exported(url, **wanted)

    assert by_cluster == by_service
    for name in ("rows", "bytes", "sha256", "misfitted", "misfits"):
        assert told.receipt[name] == alone.receipt[name]
    assert not Segment.objects.exists()
    digest = told.digest
    assert leftovers() == [f"store/{digest[:2]}/{digest[2:4]}/{digest}"]


@pytest.mark.parametrize("format_", FORMATS, ids=lambda one: "-".join(one.values()))
def test_in_every_format(sources: Sources, format_: dict[str, Any]) -> None:
    url = Paged(ROWS).serve(sources)
    wanted: dict[str, Any] = {"paging": {"size": 20}, "page_limit": 9, **format_}

    by_cluster, _ = exported(url, **wanted, compute="cluster")

    assert by_cluster == exported(url, **wanted)[0]


def test_in_parquet_the_rows_and_types_are_the_same(sources: Sources) -> None:
    url = Paged(ROWS).serve(sources)
    wanted: dict[str, Any] = {"paging": {"size": 20}, "page_limit": 9}
    wanted |= {"file_type": "parquet", "sort": ["-id"]}

    by_cluster, _ = exported(url, **wanted, compute="cluster")

    table = pl.read_parquet(by_cluster)
    assert table.equals(pl.read_parquet(exported(url, **wanted)[0]))


def test_files_come_one_after_another(sources: Sources) -> None:
    names = [
        sources.put(f"/{n}.csv", csv_of([("n", "m"), *((n, i) for i in range(300))]))
        for n in range(4)
    ]
    wanted: dict[str, Any] = {"source_urls": names, "paging": None}

    by_cluster, told = exported(**wanted, compute="cluster")
    by_service, alone = exported(**wanted)

    assert by_cluster == by_service
    digests = [
        [one["sha256"] for one in made.receipt["sources"]] for made in (told, alone)
    ]
    assert digests[0] == digests[1]


def test_one_file_is_cut_up_once_it_is_read(sources: Sources) -> None:
    rows = [(n, f"n{n % 10}", "x" if n == 700 else n % 7) for n in range(5_000)]
    url = sources.put("/a.csv", csv_of([("id", "name", "k"), *rows]))
    wanted: dict[str, Any] = {"types": {"k": "integer"}, "sort": ["k", "-name"]}

    by_cluster, told = exported(url, **wanted, compute="cluster")
    by_service, alone = exported(url, **wanted)

    assert by_cluster == by_service
    assert told.receipt["misfits"] == alone.receipt["misfits"]
    assert told.receipt["misfits"][0]["row"] == 702
