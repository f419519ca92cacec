"""Rows of a PostgreSQL database, in binary COPY's own speed."""

# ruff: noqa: S608 - the names are quoted, the queries are the operator's

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import adbc_driver_manager as adbc
import adbc_driver_postgresql
import polars as pl
import psycopg
import pyarrow as pa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from exports.sources.brake import Brake
from exports.sources.database_faults import (
    Uneven,
    database_says,
    distinct,
    unreachable,
)
from exports.sources.named import Database
from exports.sources.postgres_columns import Column, column_of, rows, scan
from exports.tables.types import Frames
from tasks.errors import WorkFailed

BATCH_BYTES = 4 << 20
FRAME_ROWS = 50_000
CONNECT_S = 5
SPARE_S = 5  # our own clock, which tells why, comes before the server's
SAID = re.compile(r"ERROR:\s+(.*)")
# Connections, resources, shut-downs: they may be better soon (errcodes-appendix).
PASSING = ("08", "53", "57P", "58", "40", "55P03")


@dataclass(slots=True)
class PostgresRows:
    """One table or query; `careful` looks at every cell before the first is read."""

    database: Database
    sql: str
    shown: str
    brake: Brake
    careful: bool = False
    as_text: list[str] = field(default_factory=list)  # columns their types don't hold

    def estimate(self) -> int | None:
        """Return how many rows the planner expects."""
        with self._open() as connection:
            query = f"EXPLAIN (FORMAT JSON) SELECT * FROM (\n{self.sql}\n) AS q"
            found = connection.execute(query.encode()).fetchone()
            return int(found[0][0]["Plan"]["Plan Rows"]) if found else None

    def frames(self) -> Frames:
        with self._open() as connection:
            columns = self._columns(connection)
            odd = self._odd(connection, columns) if self.careful else set()
        self.as_text = [columns[n].name for n in sorted(odd)]
        dtypes = [None if n in odd else one.dtype for n, one in enumerate(columns)]
        names = [one.name for one in columns]
        for batch in self._batches(rows(self.sql, columns, as_text=odd)):
            frame = pl.DataFrame(pl.from_arrow(batch))
            if frame["odd"].any():
                raise Uneven(self.shown)
            table = self._typed(frame, names, dtypes)
            # An empty one has no slices, and is how types are told of no rows.
            yield from table.iter_slices(FRAME_ROWS) if table.height else [table]

    def _typed(
        self,
        frame: pl.DataFrame,
        names: Sequence[str],
        dtypes: Sequence[pl.DataType | None],
    ) -> pl.DataFrame:
        cells = (frame[f"c{n}"] for n in range(len(names)))
        return pl.DataFrame(
            [
                (cell if dtype is None else cell.cast(dtype)).alias(name)
                for cell, name, dtype in zip(cells, names, dtypes, strict=True)
            ]
        )

    @property
    def _conninfo(self) -> str:
        """Return the address with settings of ours, which count above the URL's."""
        limit_ms = int((self.database.timeout_s + SPARE_S) * 1000)
        ours = {
            "default_transaction_read_only": "on",
            "statement_timeout": str(limit_ms),
            "intervalstyle": "iso_8601",
            "datestyle": "ISO,YMD",
            "timezone": "UTC",
            "extra_float_digits": "1",
            "client_encoding": "UTF8",
        }
        given = dict(conninfo_to_dict(self.database.url))
        options = " ".join(f"-c {name}={value}" for name, value in ours.items())
        given["options"] = f"{given.get('options') or ''} {options}".strip()
        given.setdefault("connect_timeout", CONNECT_S)
        given.setdefault("application_name", "entrepot")
        return make_conninfo("", **given)

    @contextmanager
    def _open(self) -> Iterator[psycopg.Connection]:
        self.brake.check()
        try:
            with (
                psycopg.connect(self._conninfo) as connection,
                self.brake.holds(connection.cancel),
            ):
                yield connection
        except psycopg.Error as error:
            raise self._fault(error.sqlstate, error.diag.message_primary) from error

    def _fault(self, state: str | None, message: str | None) -> WorkFailed:
        if not message:
            return unreachable(self.shown)
        fault = database_says(self.shown, message)
        fault.temporary = (state or "").startswith(PASSING)
        return fault

    def _columns(self, connection: psycopg.Connection) -> list[Column]:
        query = f"SELECT * FROM (\n{self.sql}\n) AS q LIMIT 0"
        described = connection.execute(query.encode()).description or []
        distinct([one.name for one in described])
        return [
            column_of(one, n, connection.adapters) for n, one in enumerate(described)
        ]

    def _odd(
        self, connection: psycopg.Connection, columns: Sequence[Column]
    ) -> set[int]:
        found = connection.execute(scan(self.sql, columns).encode()).fetchone() or ()
        return {n for n, odd in enumerate(found) if odd}

    def _batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Give Arrow batches, an empty one at least."""
        try:
            with (
                adbc_driver_postgresql.connect(self._conninfo) as database,
                adbc.AdbcConnection(database) as connection,
                adbc.AdbcStatement(connection) as statement,
                self.brake.holds(statement.cancel),
            ):
                size = {"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}
                statement.set_options(**size)
                statement.set_sql_query(sql)
                handle, _ = statement.execute_query()
                with pa.RecordBatchReader.from_stream(handle) as reader:
                    empty = pa.RecordBatch.from_pylist([], schema=reader.schema)
                    yield empty
                    yield from reader
        except (adbc.Error, OSError, pa.ArrowInvalid) as error:
            said = SAID.search(str(error))
            state = getattr(error, "sqlstate", None)
            raise self._fault(state, said[1] if said else None) from error
