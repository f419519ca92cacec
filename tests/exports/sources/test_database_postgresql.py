"""Rows of PostgreSQL with their types, in a transaction that cannot write."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from threading import Timer
from time import monotonic
from typing import Any

import polars as pl
import pytest

from exports.sources.database_faults import Uneven
from exports.sources.databases import DatabaseSource
from exports.sources.named import Database
from exports.tables import TableError
from tasks.errors import Stopped, WorkFailed
from tests.support.backends import why_not
from tests.support.databases import on_postgresql, own_postgresql, read

pytestmark = pytest.mark.skipif(
    bool(why_not("postgresql")), reason="no PostgreSQL answers here"
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with own_postgresql() as address:
        on_postgresql(
            address,
            "CREATE TYPE mood AS ENUM ('fine', 'bad')",
            "CREATE DOMAIN price AS numeric(8,3)",
            "CREATE SEQUENCE counter",
            'CREATE SCHEMA "o.dd"',
            'CREATE TABLE "o.dd"."ta""b.le" ("ü "" x" int, "*" text)',
            """INSERT INTO "o.dd"."ta""b.le" VALUES (1, 'a'), (2, NULL)""",
        )
        yield address


def at(url: str, sql: str = "", **more: Any) -> Database:
    return Database("sales", url, **{"tables": "*", "queries": {"q": sql}, **more})


TYPES: dict[str, tuple[pl.DataType, Any]] = {
    "32767::int2": (pl.Int16(), 32767),
    "5::int4": (pl.Int32(), 5),
    "9223372036854775807": (pl.Int64(), 2**63 - 1),
    "4294967295::oid": (pl.String(), "4294967295"),
    "1.5::float4": (pl.Float32(), 1.5),
    "0.1::float8 + 0.2": (pl.Float64(), 0.1 + 0.2),
    "true": (pl.Boolean(), True),
    "'a'::text": (pl.String(), "a"),
    "'a '::char(3)": (pl.String(), "a  "),
    "date '0001-01-01'": (pl.Date(), date(1, 1, 1)),
    "timestamp '2001-02-03 04:05:06.789012'": (
        pl.Datetime("us"),
        datetime(2001, 2, 3, 4, 5, 6, 789012),  # noqa: DTZ001 - it has no zone
    ),
    "timestamptz '2001-02-03 04:05:06+02'": (
        pl.Datetime("us", "UTC"),
        datetime(2001, 2, 3, 2, 5, 6, tzinfo=UTC),
    ),
    "time '04:05:06.7'": (pl.Time(), time(4, 5, 6, 700_000)),
    "1.10::numeric(10,2)": (pl.Decimal(10, 2), Decimal("1.10")),
    "1.5::price": (pl.Decimal(8, 3), Decimal("1.500")),
    "12345678901234567890.10": (pl.String(), "12345678901234567890.10"),
    "'NaN'::numeric": (pl.String(), "NaN"),
    "'\\x00ff'::bytea": (pl.Binary(), b"\x00\xff"),
    "'c0ffee00-0000-4000-8000-000000000001'::uuid": (
        pl.String(),
        "c0ffee00-0000-4000-8000-000000000001",
    ),
    """'{"a": [1]}'::jsonb""": (pl.String(), '{"a": [1]}'),
    "'fine'::mood": (pl.String(), "fine"),
    "interval '1 mon 2 days 3 hours'": (pl.String(), "P1M2DT3H"),
    "'10.0.0.1'::inet": (pl.String(), "10.0.0.1/32"),
    "int4range(1, 5)": (pl.String(), "[1,5)"),
    "timetz '04:05+02'": (pl.String(), "04:05:00+02"),
    "row(1, 'x')": (pl.String(), "(1,x)"),
    "array[1, NULL]": (pl.List(pl.Int32), [1, None]),
    "array[1.50]": (pl.List(pl.String), ["1.50"]),
    "NULL::int": (pl.Int32(), None),
}


def test_types_are_kept_and_what_has_none_here_is_text(url: str) -> None:
    cells = ", ".join(f"{sql} AS c_{n}" for n, sql in enumerate(TYPES))

    frame = read(at(url, f"SELECT {cells}"), query="q")

    [row] = frame.rows()
    found = {
        sql: (dtype, cell)
        for sql, dtype, cell in zip(TYPES, frame.dtypes, row, strict=True)
    }
    assert found == TYPES


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("date 'infinity'", "infinity"),
        ("timestamp '-infinity'", "-infinity"),
        ("date '0044-03-15 BC'", "0044-03-15 BC"),
        ("time '24:00'", "24:00:00"),
        ("'NaN'::numeric(5,2)", "NaN"),
        ("array[[1,2],[3,4]]", "[[1,2],[3,4]]"),
    ],
)
def test_cells_that_no_type_holds_are_read_as_text(
    url: str, sql: str, text: str
) -> None:
    database = at(url, f"SELECT {sql} AS a, 1 AS b")

    with pytest.raises(Uneven):
        read(database, query="q")
    frame = read(database, query="q", careful=True)

    assert frame.rows() == [(text, 1)]


def test_a_table_of_another_schema_with_hostile_names(url: str) -> None:
    name = '"o.dd"."ta""b.le"'

    frame = read(at(url, tables=frozenset([name])), table=name)

    assert frame.to_dicts() == [{'ü " x': 1, "*": "a"}, {'ü " x': 2, "*": None}]


def test_many_rows_come_in_order_and_in_frames(url: str) -> None:
    query = "SELECT i FROM generate_series(1, 200000) AS i ORDER BY -i;"
    source = DatabaseSource(at(url, query), query="q")

    frames = list(source.frames())

    assert max(one.height for one in frames) <= 50_000
    assert pl.concat(frames)["i"].to_list() == list(range(200_000, 0, -1))
    assert source.taken == 200_000


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT nextval('counter')", "read-only transaction"),
        ("WITH x AS (DELETE FROM pg_class RETURNING 1) SELECT 1", "WITH clause"),
        ("SELECT 1 AS a, 2 AS a", "2 columns are called 'a'"),
        ("SELECT * FROM nope", 'relation "nope" does not exist'),
        ("SELECT 1 / (i - 5) FROM generate_series(1, 9) i", "division by zero"),
        ("SELECT 1; DROP SEQUENCE counter", "syntax error"),
        ("SELECT", "no columns"),
    ],
)
def test_a_query_that_cannot_be_or_that_writes_is_told(
    url: str, query: str, words: str
) -> None:
    with pytest.raises((WorkFailed, TableError)) as caught:
        read(at(url, query), query="q")

    assert words in str(caught.value)
    assert not getattr(caught.value, "temporary", False)


def test_a_reading_that_takes_too_long_is_ended(url: str) -> None:
    began = monotonic()

    with pytest.raises(WorkFailed, match=r"longer than 0\.3 s"):
        read(at(url, "SELECT pg_sleep(20)::text", timeout_s=0.3), query="q")

    assert monotonic() - began < 3


def test_a_reading_can_be_stopped_in_the_middle(url: str) -> None:
    query = "SELECT generate_series(1, 1000000000) AS i"
    source = DatabaseSource(at(url, query), query="q")
    frames = source.frames()
    next(frames)
    timer = Timer(0.3, source.stop)
    timer.start()
    began = monotonic()

    with pytest.raises(Stopped):
        list(frames)

    timer.join()
    assert monotonic() - began < 3


def test_a_server_that_is_not_there_is_told_without_its_address() -> None:
    database = at("postgres://me:s3cret@127.0.0.1:9/sales")

    with pytest.raises(WorkFailed) as caught:
        read(database, table="t")

    assert caught.value.temporary
    assert "cannot be reached" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    assert "s3cret" not in repr(database)


@pytest.mark.parametrize("table", ["pg_authid", "pg_catalog.pg_class", "a..b", ""])
def test_every_table_does_not_mean_the_server_s_own(url: str, table: str) -> None:
    with pytest.raises(WorkFailed, match="offers no"):
        read(at(url), table=table)


def test_an_empty_table_has_its_columns(url: str) -> None:
    frame = read(at(url, "SELECT 1 AS a, 'x' AS b WHERE false"), query="q")

    assert (frame.height, frame.columns) == (0, ["a", "b"])
