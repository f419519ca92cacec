"""A table or a query of a database that the operator has named.

The outbound guard has no part in this: who named a database decided where it is, and
callers cannot give an address. What they can give is a name that is on a list.
"""

# ruff: noqa: S608 - the names are quoted, the queries are the operator's

from collections.abc import Generator
from typing import Any

import polars as pl
from django.utils import timezone

from exports.sources.brake import Brake
from exports.sources.named import Database, Databases, table_parts
from exports.sources.postgres_rows import PostgresRows
from exports.sources.sqlite_rows import SqliteRows
from exports.tables.errors import TooLarge
from tasks.errors import WorkFailed


class DatabaseSource:
    """Rows of one reading, never a change; another thread may look at it and end it.

    `frames` raises Uneven for a row that the types of the first rows would change: then
    a source that is `careful` reads everything anew, more slowly. Nothing is cut.
    """

    def __init__(
        self,
        database: Database,
        *,
        table: str | None = None,
        query: str | None = None,
        careful: bool = False,
    ) -> None:
        self.shown = f"{database.name}, {f'query {query}' if query else table}"
        self.total: int | None = None  # rows, as far as that can be told
        self.taken = 0
        self.first_row = 1
        self._database = database
        self._brake = Brake(self.shown)
        self._size = 0
        sql, name = _asked(database, table, query)
        shared: dict[str, Any] = {
            "database": database,
            "sql": sql,
            "shown": self.shown,
            "brake": self._brake,
            "careful": careful,
        }
        self._rows: SqliteRows | PostgresRows = (
            SqliteRows(**shared, table=name)
            if database.is_sqlite
            else PostgresRows(**shared)
        )
        what = {"query": query} if query else {"table": table}
        self._receipt = {"database": database.name, **what}

    def stop(self) -> None:
        """Have the reading fail at once; what runs in the database is cancelled."""
        self._brake.stop()

    @property
    def as_text(self) -> list[str]:
        """Columns whose cells are of several kinds, and come as text."""
        return self._rows.as_text

    def frames(self) -> Generator[pl.DataFrame, None, None]:
        """Read all rows; an empty frame at least. Raises WorkFailed and TableError."""
        self._receipt["fetched_at"] = timezone.now().isoformat()
        with self._brake.limit(self._database.timeout_s):
            self.total = self._rows.estimate()
            for frame in self._rows.frames():
                self._brake.check()
                self._count(frame)
                yield frame

    def receipt(self) -> dict[str, Any]:
        """Tell what was read."""
        return {**self._receipt, "rows": self.taken, "as_text": self.as_text}

    def _count(self, frame: pl.DataFrame) -> None:
        self.taken += frame.height
        self._size += int(frame.estimated_size())
        most_rows, most_mb = self._database.max_rows, self._database.max_mb
        if self.taken > most_rows:
            raise TooLarge(f"There are more than {most_rows:,} rows (max_rows).")
        if self._size > most_mb << 20:
            raise TooLarge(f"There are more than {most_mb:,} MB of rows (max_mb).")
        if self.total is not None:
            self.total = max(self.total, self.taken)


def source_of(
    databases: Databases,
    name: str,
    *,
    table: str | None,
    query: str | None,
    careful: bool = False,
) -> DatabaseSource:
    """Return what is to be read. Raises WorkFailed when it is offered no longer."""
    database = databases.get(name)
    if database is None:
        message = f"There is no database {name!r} in SOURCE_DATABASES any more."
        raise WorkFailed("not_offered", message)
    return DatabaseSource(database, table=table, query=query, careful=careful)


def _asked(
    database: Database, table: str | None, query: str | None
) -> tuple[str, str | None]:
    """Return SQL for all rows, and a table's bare name. Raises WorkFailed."""
    if query is not None:
        if query not in database.queries:
            raise _not_offered(database, f"query {query!r}")
        # Without its end, it can stand in brackets.
        return database.queries[query].strip().rstrip(";").rstrip(), None
    if table is None or not database.offers(table):
        raise _not_offered(database, f"table {table!r}")
    parts = table_parts(table)
    if database.is_sqlite:
        name = parts[0] if len(parts) == 1 else table  # it has no schemas
        return f"SELECT * FROM main.{quoted(name)}", name
    return f"SELECT * FROM {'.'.join(map(quoted, parts))}", None


def quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _not_offered(database: Database, what: str) -> WorkFailed:
    message = f"The database {database.name!r} offers no {what}."
    return WorkFailed("not_offered", message)
