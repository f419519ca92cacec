"""Rows of an SQLite database, read by a program of their own."""

# ruff: noqa: S608 - the names are quoted, the queries are the operator's

import json
import os
import re
import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

import polars as pl
import pyarrow as pa

from exports.sources.brake import Brake
from exports.sources.database_faults import Uneven, database_says, distinct, locked
from exports.sources.named import Database
from exports.sources.sqlite_columns import (
    Column,
    Kind,
    Relation,
    affinity,
    arrow_types,
    kind_of,
    look_at,
    scanned,
    scans,
    select,
)
from exports.tables.types import Frames
from tasks.errors import WorkFailed

CHILD = Path(__file__).with_name("sqlite_child.py")
BATCH_ROWS = 20_000
LOOKED_AT = 1_000
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SQLITE_TMPDIR", "SYSTEMROOT")
NUMBERED = re.compile(r"(.*):\d+", re.DOTALL)


@dataclass(slots=True)
class SqliteRows:
    """One table or query; `careful` looks at every cell before the first is read."""

    database: Database
    sql: str
    table: str | None
    shown: str
    brake: Brake
    careful: bool = False
    as_text: list[str] = field(default_factory=list)  # columns of several kinds

    def estimate(self) -> int | None:
        """Count a table's rows; of anything else, that would be to read it."""
        if self.table is None:
            return None
        with self._open() as connection:
            if not self._is_table(connection):
                return None
            [[count]] = connection.execute(f"SELECT count(*) FROM ({self.sql})")
            return int(count)

    def frames(self) -> Frames:
        with self._open() as connection:
            relation, columns = self._plan(connection)
        self.as_text = [one.name for one in columns if one.kind is Kind.MIXED]
        wanted = {
            "uri": self._uri,
            "sql": select(relation, columns, careful=self.careful),
            "types": arrow_types(columns),
            "rows": BATCH_ROWS,
            "raw": self.careful,
        }
        first = True
        for batch in self._batches(wanted):
            frame = batch[1:] if first else batch
            yield self._table(frame, columns)
            first = False

    @property
    def _uri(self) -> str:
        return f"file:{quote(str(Path(self.database.path).absolute()))}?mode=ro"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with (
                closing(
                    sqlite3.connect(self._uri, uri=True, check_same_thread=False)
                ) as connection,
                self.brake.holds(connection.interrupt),
            ):
                yield connection
        except sqlite3.Error as error:
            raise self._fault(str(error)) from error

    def _fault(self, message: str) -> WorkFailed:
        if "unable to open" in message:
            why = f"{self.shown}: the database cannot be opened."
            return WorkFailed("database_unreachable", why, temporary=True)
        if "locked" in message or "busy" in message:
            return locked(self.shown)
        return database_says(self.shown, message)

    def _is_table(self, connection: sqlite3.Connection) -> bool:
        """Tell a real table from a view and from what an extension makes up."""
        found = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
            " AND name = ? COLLATE NOCASE",
            [self.table],
        )
        [[count]] = found
        return bool(count)

    def _plan(self, connection: sqlite3.Connection) -> tuple[Relation, list[Column]]:
        cursor = connection.execute(f"SELECT * FROM (\n{self.sql}\n) LIMIT 0")
        names = self._names([one[0] for one in cursor.description])
        relation = Relation(self.sql, len(names))
        bound = self._declared(connection, len(names))
        if self.careful:
            rows = (connection.execute(one).fetchone() for one in scans(relation))
            kinds = [kind for row in rows for kind in scanned(row)]
        else:
            look = connection.execute(look_at(relation, rows=LOOKED_AT)).fetchall()
            kinds = [kind_of([row[n] for row in look]) for n in range(len(names))]
        return relation, [
            Column(name, kind := found or own or Kind.TEXT, bound=kind is own)
            for name, found, own in zip(names, kinds, bound, strict=True)
        ]

    def _names(self, given: Sequence[str]) -> list[str]:
        """Undo SQLite's numbering of names that it takes for equal, as a and A."""
        numbered = [NUMBERED.fullmatch(name) for name in given]
        folded = {name.lower() for name in given}
        names = [
            match[1] if match and match[1].lower() in folded else name
            for name, match in zip(given, numbered, strict=True)
        ]
        return distinct(names)

    def _declared(
        self, connection: sqlite3.Connection, width: int
    ) -> list[Kind | None]:
        if self.table is None or not self._is_table(connection):
            return [None] * width
        query = "SELECT type FROM pragma_table_xinfo(?) WHERE hidden <> 1"
        types = [row[0] for row in connection.execute(query, [self.table])]
        return [affinity(one or "") for one in types]

    def _batches(self, wanted: dict[str, Any]) -> Iterator[pa.RecordBatch]:
        env = {n: os.environ[n] for n in ENVIRONMENT if n in os.environ}
        with (
            subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=env,
            ) as child,
            self.brake.holds(child.kill),
        ):
            try:
                yield from self._read(child, wanted)
            finally:
                child.kill()

    def _read(
        self, child: subprocess.Popen[bytes], wanted: dict[str, Any]
    ) -> Iterator[pa.RecordBatch]:
        stdin, stdout = pipe(child.stdin), pipe(child.stdout)
        try:
            stdin.write(json.dumps(wanted).encode() + b"\n")
            stdin.flush()
            with pa.ipc.open_stream(cast("Any", stdout)) as reader:
                yield from reader
        except (OSError, pa.ArrowInvalid):
            stdout.close()
            self._end(child)
            raise
        self._end(child)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Raise what the child says is wrong: a stream that is cut looks ended."""
        said = pipe(child.stderr).read().decode(errors="replace")
        if child.wait() == 0:
            return
        self.brake.check()
        try:
            told = json.loads(said)
        except ValueError:
            message = f"{self.shown}: the program that reads SQLite ended early."
            raise WorkFailed("database_lost", message, temporary=True) from None
        if told["kind"] == "uneven":
            raise Uneven(self.shown)
        message = told["message"].partition("\nquery:")[0]
        raise self._fault(message.rpartition("] ")[2])

    def _table(self, batch: pa.RecordBatch, columns: Sequence[Column]) -> pl.DataFrame:
        frame = pl.DataFrame(pl.from_arrow(batch))
        if frame["odd"].sum():
            raise Uneven(self.shown)
        made = []
        for n, column in enumerate(columns):
            cells = frame[f"c{n}"]
            if self.careful and column.kind in {Kind.TEXT, Kind.MIXED}:
                cells = decoded(cells)
            if column.kind is Kind.MIXED:
                blobs = frame[f"b{n}"].bin.encode("base64")
                cells = cells.zip_with(cells.is_not_null(), blobs)
            made.append(cells.alias(column.name))
        return pl.DataFrame(made)


def pipe(end: IO[bytes] | None) -> IO[bytes]:
    return cast("IO[bytes]", end)  # asked for, so it is there


def decoded(cells: pl.Series) -> pl.Series:
    """Make text of bytes; base64 where they are no UTF-8."""
    if cells.dtype == pl.String:
        return cells
    try:
        return cells.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(
            [None if c is None else _text(c) for c in cells], dtype=pl.String
        )


def _text(cell: bytes) -> str:
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return b64encode(cell).decode()
