"""Rows of SQLite, where each cell may be of another kind: none is lost or changed."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest

from exports.sources.database_faults import Uneven
from exports.sources.databases import DatabaseSource
from exports.sources.sqlite_rows import BATCH_ROWS, CHILD, LOOKED_AT
from exports.tables import TableError
from tasks.errors import Stopped, WorkFailed
from tests.support.databases import at_sqlite, fill, read, sqlite_file

FOR_EVER = (
    "WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM w) "
    "SELECT count(*) FROM w"
)
LATER = LOOKED_AT + BATCH_ROWS + 5


def test_declared_types_are_kept_where_the_first_rows_are_null(tmp_path: Path) -> None:
    path = sqlite_file(
        tmp_path, "CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, d DATE)"
    )
    fill(path, "t", [(None,) * 5] * LATER)
    fill(path, "t", [(2**63 - 1, 3, "a\0ü", b"\xff", "2001-02-03")])

    frame = read(at_sqlite(path), table="t", careful=False)

    assert frame.rows()[-1] == (2**63 - 1, 3.0, "a\0ü", b"\xff", "2001-02-03")
    assert frame.dtypes == [pl.Int64, pl.Float64, pl.String, pl.Binary, pl.String]
    assert frame.height == LATER + 1


CASES: dict[str, tuple[str, Any, list[Any], str]] = {
    "real in integers": ("INTEGER", 1, [0.1 + 0.2], "Float64"),
    "big with reals": ("NUMERIC", 1.5, [2**53 + 1], "String"),
    "text in integers": ("INTEGER", 1, ["x"], "String"),
    "text in reals": ("REAL", 1.5, ["x"], "String"),
    "blob in text": ("TEXT", "x", [b"abc"], "String"),
    "number in text": ("", "x", [0.1 + 0.2, 5], "String"),
    "text in blobs": ("BLOB", b"x", ["y"], "String"),
    "broken text": ("TEXT", "x", [b"\xffA"], "String"),
}
SHOWN: dict[Any, Any] = {
    b"abc": "YWJj",
    b"x": "eA==",
    b"\xffA": "/0E=",
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("before", [3, LATER], ids=["at once", "later"])
def test_cells_of_several_kinds_come_out_exact(
    tmp_path: Path, case: str, before: int
) -> None:
    declared, usual, odd, dtype = CASES[case]
    path = sqlite_file(tmp_path, f"CREATE TABLE t (n INTEGER, c {declared})")
    fill(path, "t", [(n, usual) for n in range(before)])
    fill(path, "t", [(-1, one) for one in odd])
    if case == "broken text":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE t SET c = CAST(c AS TEXT) WHERE n = -1")
    database = at_sqlite(path)

    if before > LOOKED_AT:
        with pytest.raises(Uneven):
            read(database, table="t")
    frame = read(database, table="t", careful=True)

    cells = frame["c"].to_list()
    assert str(frame["c"].dtype) == dtype
    wanted = [SHOWN.get(one, one) for one in (usual, *odd)]
    if dtype == "String":
        wanted = [one if isinstance(one, str) else str(one) for one in wanted]
    assert cells[0] == wanted[0]
    assert cells[before:] == wanted[1:]


def test_integers_become_reals_only_where_that_changes_none(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (a, b)")
    fill(path, "t", [(1.5, 1.5), (2**53, 2**53 + 1)])

    frame = read(at_sqlite(path), table="t", careful=True)

    assert frame.rows() == [(1.5, "1.5"), (2.0**53, "9007199254740993")]


def test_names_that_are_hostile(tmp_path: Path) -> None:
    path = sqlite_file(
        tmp_path, 'CREATE TABLE "a.""b; DROP" ("x ""y" TEXT, "*" INT, "^.*$" INT)'
    )
    fill(path, '"a.""b; DROP"', [("v", 1, 2)])

    name = '"a.""b; DROP"'
    frame = read(at_sqlite(path, tables=frozenset([name])), table=name)

    assert frame.to_dicts() == [{'x "y': "v", "*": 1, "^.*$": 2}]


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (i INTEGER, s TEXT)")

    frame = read(at_sqlite(path), table="t")

    assert (frame.height, dict(frame.schema)) == (
        0,
        {"i": pl.Int64(), "s": pl.String()},
    )


def test_the_order_of_a_query_is_kept_and_its_comments_are_harmless(
    tmp_path: Path,
) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (i INTEGER)")
    fill(path, "t", [(1,), (3,), (2,)])
    database = at_sqlite(
        path, queries={"q": "SELECT i, i AS I, count(*) OVER () FROM t ORDER BY i; "}
    )

    with pytest.raises(WorkFailed, match="says"):
        read(at_sqlite(path, queries={"q": "SELECT 1; SELECT 2"}), query="q")
    frame = read(database, query="q")

    assert frame.columns == ["i", "I", "count(*) OVER ()"]
    assert frame.rows() == [(1, 1, 3), (2, 2, 3), (3, 3, 3)]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT 1 AS a, 2 AS a", "2 columns are called 'a'"),
        ("SELECT * FROM nope", "no such table: nope"),
        ("SELEC 1", "syntax error"),
        ("DELETE FROM t RETURNING i", "syntax error"),
        ("ATTACH 'x' AS y", "syntax error"),
    ],
)
def test_a_query_that_cannot_be_is_told(tmp_path: Path, query: str, words: str) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (i INTEGER)")
    fill(path, "t", [(1,)])

    with pytest.raises((WorkFailed, TableError)) as caught:
        read(at_sqlite(path, queries={"q": query}), query="q")

    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert read(at_sqlite(path), table="t").height == 1


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed) as caught:
        read(at_sqlite(tmp_path / "none"), table="t")

    assert caught.value.temporary
    assert str(tmp_path) not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_reading_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path)
    database = at_sqlite(path, queries={"q": FOR_EVER}, timeout_s=0.3)
    began = monotonic()

    with pytest.raises(WorkFailed, match=r"longer than 0\.3 s"):
        read(database, query="q")

    assert monotonic() - began < 3


def test_a_reading_can_be_stopped_wherever_it_is(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (i INTEGER)")
    # The look is quick and the rest is not: the program that reads is in its query.
    fill(path, "t", [(n,) for n in range(5_000)])
    slow = "SELECT i FROM t UNION ALL SELECT (" + FOR_EVER + ")"
    source = DatabaseSource(at_sqlite(path, queries={"q": slow}), query="q")
    timer = Timer(0.5, source.stop)
    timer.start()
    began = monotonic()

    with pytest.raises(Stopped):
        list(source.frames())

    timer.join()
    assert monotonic() - began < 3


@pytest.mark.parametrize(
    ("limits", "words"),
    [({"max_rows": 4}, "more than 4 rows"), ({"max_mb": 1}, "more than 1 MB")],
)
def test_a_cap_is_told_and_nothing_is_cut(
    tmp_path: Path, limits: dict[str, int], words: str
) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (s TEXT)")
    fill(path, "t", [("x" * 300_000,)] * 5)

    with pytest.raises(TableError, match=words):
        read(at_sqlite(path, **limits), table="t")


@pytest.mark.parametrize("table", ["nope", "sqlite_master", "T; --"])
def test_what_is_not_listed_is_not_read(tmp_path: Path, table: str) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (s TEXT)")

    with pytest.raises(WorkFailed, match="offers no"):
        read(at_sqlite(path, tables=frozenset(["t"])), table=table)


def test_the_receipt_tells_what_was_read_but_not_where(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (i INTEGER)")
    fill(path, "t", [(1,), ("x",)])
    source = DatabaseSource(at_sqlite(path), table="t")

    list(source.frames())

    told = source.receipt()
    assert {**told, "fetched_at": ""} == {
        "database": "sales",
        "table": "t",
        "rows": 2,
        "as_text": ["i"],
        "fetched_at": "",
    }
    assert source.total == 2


def test_the_program_that_reads_ends_with_the_one_it_reads_for(tmp_path: Path) -> None:
    path = sqlite_file(tmp_path, "CREATE TABLE t (i INTEGER)")
    uri = f"file:{quote(str(path))}?mode=ro"
    wanted = {"uri": uri, "sql": FOR_EVER, "types": ["int64"], "rows": 9, "raw": False}
    with subprocess.Popen(
        [sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE
    ) as child:
        assert child.stdin
        child.stdin.write(json.dumps(wanted).encode() + b"\n")
        child.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)

        child.stdin.close()  # as the system does for a process that is killed

        assert child.wait(3) == 3
