"""Databases for exports to read from: made anew, of both makes."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from exports.sources.databases import DatabaseSource
from exports.sources.named import Database
from tests.support import backends


def sqlite_file(folder: Path, *statements: str) -> Path:
    path = folder / "a ?b%.sqlite3"  # all of which mean something in a URL
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def fill(path: Path, table: str, rows: Iterable[Sequence[Any]]) -> None:
    rows = list(rows)
    marks = ", ".join("?" * len(rows[0]))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def at_sqlite(path: Path, **limits: Any) -> Database:
    url = "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")
    return Database("sales", url, **{"tables": "*", **limits})


@contextmanager
def own_postgresql() -> Iterator[str]:
    """Give the URL of an empty database that nobody else uses."""
    name = backends._new_name()
    backends._on_server("CREATE DATABASE {}", name)
    try:
        yield backends._named(name)
    finally:
        backends._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def on_postgresql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def read(database: Database, **asked: Any) -> pl.DataFrame:
    return pl.concat(DatabaseSource(database, **asked).frames())
