"""The databases that the operator has named, and what of them may be asked for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 300.0
MAX_ROWS = 100_000_000
MAX_MB = 16_384
KNOWN = {"url", "tables", "queries", "timeout_s", "max_rows", "max_mb"}
POSTGRESQL = {"postgres", "postgresql"}
PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
# Every table with "*" does not mean the databases' own, which tell of everybody's.
INTERNAL = ("pg_", "sqlite_", "information_schema")


@dataclass(frozen=True, slots=True)
class Database:
    """A database by its name; who asks for it never learns its address."""

    name: str
    url: str = field(repr=False)
    tables: frozenset[str] | Literal["*"] = frozenset()
    queries: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S  # for a whole reading
    max_rows: int = MAX_ROWS
    max_mb: int = MAX_MB  # of rows as they are in memory

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite:")

    @property
    def path(self) -> str:
        """An SQLite database's file; sqlite:///a is relative, as Django has it."""
        return unquote(self.url.removeprefix("sqlite:///"))

    def offers(self, table: str) -> bool:
        if self.tables != "*":
            return table in self.tables
        parts = table_parts(table)
        return bool(parts) and not any(
            part.lower().startswith(INTERNAL) for part in parts
        )


Databases = Mapping[str, Database]


def table_parts(table: str) -> tuple[str, ...]:
    """Split `schema.table`; quotes keep the dots of a part. Empty if malformed."""
    parts: list[str] = []
    at = 0
    while match := PART.match(table, at):
        parts.append((match[1] or "").replace('""', '"') or match[2])
        at = match.end()
        if at == len(table):
            return tuple(parts)
        if table[at] != ".":
            break
        at += 1
    return ()


def parse_databases(text: str) -> dict[str, Database]:
    """Read the setting SOURCE_DATABASES. Raises ValueError, which quotes no URL."""
    try:
        given = json.loads(text or "{}")
    except ValueError:
        # The error's own words may quote what stands there: a password.
        raise ValueError("SOURCE_DATABASES is not JSON.") from None
    if not isinstance(given, dict):
        raise ValueError(  # noqa: TRY004 - a setting that cannot be read
            "SOURCE_DATABASES must be a JSON object: name to database."
        )
    return {name: _database(name, one) for name, one in given.items()}


def _database(name: str, given: Any) -> Database:
    where = f"SOURCE_DATABASES[{name!r}]"
    if not name or name.lower().startswith(("http:", "https:")):
        raise ValueError(f"{where}: this name cannot be told from a web address.")
    if not isinstance(given, dict):
        raise ValueError(f"{where} must be a JSON object.")  # noqa: TRY004
    if unknown := sorted(given.keys() - KNOWN):
        raise ValueError(f"{where}: {unknown[0]!r} is not one of {sorted(KNOWN)}.")
    return Database(
        name=name,
        url=_url(where, given.get("url")),
        tables=_tables(where, given.get("tables", [])),
        queries=_queries(where, given.get("queries", {})),
        timeout_s=_number(where, given, "timeout_s", TIMEOUT_S),
        max_rows=int(_number(where, given, "max_rows", MAX_ROWS)),
        max_mb=int(_number(where, given, "max_mb", MAX_MB)),
    )


def _url(where: str, url: Any) -> str:
    if isinstance(url, str) and _is_database(url):
        return url
    raise ValueError(
        f"{where}: `url` must be postgres://… with a host or a database's name, "
        "or sqlite:///path."
    )


def _is_database(url: str) -> bool:
    if url.startswith("sqlite:///"):
        return len(url) > len("sqlite:///") and "\0" not in unquote(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in POSTGRESQL and bool(parts.netloc or parts.path.strip("/"))


def _tables(where: str, tables: Any) -> frozenset[str] | Literal["*"]:
    if tables == "*":
        return "*"
    if not isinstance(tables, list) or not all(isinstance(t, str) for t in tables):
        raise ValueError(f'{where}: `tables` must be a list of names, or "*".')
    for table in tables:
        if not table_parts(table):
            raise ValueError(f"{where}: {table!r} is no table's name.")
    return frozenset(tables)


def _queries(where: str, queries: Any) -> dict[str, str]:
    fits = isinstance(queries, dict) and all(
        isinstance(query, str) and query.strip() for query in queries.values()
    )
    if not fits:
        raise ValueError(f"{where}: `queries` must be an object, name to SQL.")
    return dict(queries)


def _number(where: str, given: dict[str, Any], key: str, default: float) -> float:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError(f"{where}: `{key}` must be a number above zero.")
    return value
