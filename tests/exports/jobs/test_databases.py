"""Exports of named databases: every format, one file or none, nothing told of URLs."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import openpyxl
import polars as pl
import pytest
from django.conf import settings
from django.db import connections
from pytest_django import Settings

from exports.preview import preview_export
from exports.request import Configuration
from exports.sources.named import Database
from exports.sources.sqlite_rows import BATCH_ROWS
from tasks import services
from tasks.engine import shift
from tasks.models import Job, JobEvent
from tests.support.backends import why_not
from tests.support.databases import (
    at_sqlite,
    fill,
    on_postgresql,
    own_postgresql,
    sqlite_file,
)
from tests.support.exporting import an_export, exported, failed, leftovers
from tests.support.polling import until

pytestmark = pytest.mark.django_db(transaction=True)

FOR_EVER = (
    "WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM w) "
    "SELECT count(*) FROM w"
)
ORDERS: dict[str, Any] = {"db_url": "sales", "table": "orders", "paging": None}


@pytest.fixture
def path(tmp_path: Path, settings: Settings) -> Path:
    made = sqlite_file(
        tmp_path, "CREATE TABLE orders (id INTEGER, price REAL, name TEXT, day DATE)"
    )
    fill(made, "orders", [(1, 1.5, "=a,\n", None), (2, 2, None, "2001-02-03")])
    settings.SOURCE_DATABASES = {"sales": at_sqlite(made, queries={"slow": FOR_EVER})}
    return made


@pytest.fixture
def postgresql(settings: Settings) -> Iterator[str]:
    if reason := why_not("postgresql"):
        pytest.skip(reason)
    with own_postgresql() as url:
        on_postgresql(
            url,
            "CREATE TABLE orders (id int, price numeric(8,2), day date, ok bool)",
            "INSERT INTO orders VALUES (1, 1.10, '2001-02-03', true)",
            "INSERT INTO orders VALUES (2, NULL, NULL, false)",
        )
        settings.SOURCE_DATABASES = {
            "sales": Database("sales", url, tables=frozenset(["orders"]))
        }
        yield url


def test_a_table_of_sqlite_in_every_format(path: Path) -> None:
    body, artifact = exported(**ORDERS)
    assert body == b'id,price,name,day\n1,1.5,"=a,\n",\n2,2.0,,2001-02-03\n'
    assert artifact.rows == 2
    [told] = artifact.receipt["sources"]
    assert (told["database"], told["table"], told["rows"]) == ("sales", "orders", 2)

    rows = json.loads(exported(file_type="json", **ORDERS)[0])
    assert rows[0] == {"id": 1, "price": 1.5, "name": "=a,\n", "day": None}

    frame = pl.read_parquet(exported(file_type="parquet", **ORDERS)[0])
    assert frame.dtypes == [pl.Int64, pl.Float64, pl.String, pl.String]

    assert second_row(exported(file_type="xlsx", **ORDERS)[0]) == [
        *(1, 1.5, "=a,\n", None)
    ]


def test_a_table_of_postgresql_in_every_format(postgresql: str) -> None:
    text = exported(**ORDERS)[0].decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["id", "price", "day", "ok"],
        ["1", "1.10", "2001-02-03", "true"],
        ["2", "", "", "false"],
    ]

    body, _ = exported(file_type="json", **ORDERS)
    assert b'"price":1.10' in body
    assert json.loads(body)[1] == {"id": 2, "price": None, "day": None, "ok": False}

    frame = pl.read_parquet(exported(file_type="parquet", **ORDERS)[0])
    assert frame.row(0) == (1, Decimal("1.10"), date(2001, 2, 3), True)

    number, price, day, ok = second_row(exported(file_type="xlsx", **ORDERS)[0])
    assert (number, price, day.date(), ok) == (1, 1.1, date(2001, 2, 3), True)


def second_row(book: bytes) -> list[Any]:
    [sheet] = openpyxl.load_workbook(io.BytesIO(book)).worksheets
    return [cell.value for cell in sheet[2]]


def test_kinds_that_change_late_are_read_once_more(path: Path) -> None:
    fill(path, "orders", [(n, 1.0, "x", None) for n in range(2 * BATCH_ROWS)])
    fill(path, "orders", [("last", 1.0, b"\x00\xff", None)])

    body, artifact = exported(file_type="json", **ORDERS)

    rows = json.loads(body)
    assert len(rows) == 2 * BATCH_ROWS + 3
    assert rows[0] == {"id": "1", "price": 1.5, "name": "=a,\n", "day": None}
    assert rows[-1] == {"id": "last", "price": 1.0, "name": "AP8=", "day": None}
    assert artifact.receipt["sources"][0]["as_text"] == ["id", "name"]
    notes = JobEvent.objects.filter(job=artifact.job, kind="note")
    assert any("became text: 'id', 'name'" in one.data["text"] for one in notes)
    assert len(leftovers()) == 1


def test_what_is_no_longer_offered_fails_the_task(path: Path) -> None:
    job = failed(db_url="sales", paging=None, query="gone")

    assert job.error_code == "not_offered"
    assert job.error == "The database 'sales' offers no query 'gone'."


def test_a_password_is_in_no_error_and_no_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    url = "postgres://me:s3cret@127.0.0.1:9/x"
    database = Database("sales", url, tables="*")
    settings.SOURCE_DATABASES = {"sales": database}

    job = failed(**ORDERS)

    assert (job.error_code, job.retries) == ("database_unreachable", 4)
    events = json.dumps([one.data for one in JobEvent.objects.filter(job=job)])
    for text in (job.error, events, caplog.text):
        assert "s3cret" not in text
        assert "127.0.0.1" not in text


def test_a_cancel_ends_a_query_that_never_would(path: Path) -> None:
    task = an_export(db_url="sales", query="slow", paging=None)
    asked_at: list[float] = []

    def watch() -> None:
        mine = Job.objects.get(pk=task.job.pk)
        try:
            until(lambda: _runs(mine), within_s=15, what="the job runs")
            asked_at.append(monotonic())
            services.cancel(mine)
        finally:
            connections.close_all()

    watcher = Thread(target=watch)
    watcher.start()
    shift.answer()
    took_s = monotonic() - asked_at[0]
    watcher.join()

    task.job.refresh_from_db()
    assert task.job.state == "cancelled"
    assert took_s < 3.0
    assert leftovers() == []


def _runs(job: Job) -> bool:
    job.refresh_from_db()
    return job.started_at is not None


def test_a_preview_shows_the_first_rows(path: Path) -> None:
    fill(path, "orders", [(n, 1.0, "x", None) for n in range(99)])
    wanted: dict[str, Any] = {"file_type": "csv", "db_url": "sales", "table": "orders"}

    shown = preview_export(
        Configuration(**wanted, select=["id"]), [], secrets={}, policy=settings.OUTBOUND
    )

    assert shown["fields"] == [{"name": "id", "type": "integer"}]
    assert [row[0] for row in shown["rows"]] == [1, 2, *range(18)]
    assert shown["requests"] == []
