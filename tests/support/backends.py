"""Where the engine can run here: which backends answer, and databases of our own."""

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler
from psycopg import sql

from config import settings

POSTGRESQL = os.environ.get(
    "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
)
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
BACKENDS = ("sqlite", "postgresql", "redis")
_numbers = count(1)


@cache
def why_not(backend: str) -> str:
    """Say why a backend cannot be tested here; empty when it can."""
    try:
        if backend == "postgresql":
            psycopg.connect(POSTGRESQL, connect_timeout=2).close()
        if backend == "redis":
            with redis.from_url(REDIS, socket_connect_timeout=2) as client:
                client.ping()
    except (psycopg.Error, redis.RedisError) as error:
        # The first line only, and no address with a password in it.
        return f"no {backend} answers here ({type(error).__name__})"
    return ""


@contextmanager
def own_database(backend: str, folder: Path) -> Iterator[str]:
    """Give the URL of a migrated, empty database that nobody else uses."""
    if backend != "postgresql":
        path = folder / "live.sqlite3"
        shutil.copy(_sqlite_template(folder), path)
        yield f"sqlite:///{path}"
        return
    name = _new_name()
    _on_server("CREATE DATABASE {} TEMPLATE {}", name, _postgresql_template())
    try:
        yield _named(name)
    finally:
        _on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def bound_to(url: str) -> Iterator[None]:
    """Have this process's default connection be the database at `url`."""
    before, was = connections.settings["default"], connections["default"]
    with _environment("DATABASE_URL", url):
        wanted = ConnectionHandler({"default": settings._database()})
    connections.settings["default"] = wanted.settings["default"]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = before
        connections["default"] = was


def forget_templates() -> None:
    """Drop what own_database() was copied from."""
    for name in _made:
        _on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _made.clear()
    _postgresql_template.cache_clear()


_made: list[str] = []


@cache
def _postgresql_template() -> str:
    name = _new_name()
    _on_server("CREATE DATABASE {}", name)
    _made.append(name)
    atexit.register(forget_templates)  # for scripts that end early
    _migrate(_named(name))
    return name


def _sqlite_template(folder: Path) -> Path:
    # Beside the tests' own folders, so that it goes when they go.
    path = folder.parent / "template.sqlite3"
    if not path.exists():
        _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    with bound_to(url):
        call_command("migrate", verbosity=0, interactive=False)


def _new_name() -> str:
    return f"entrepot_live_{os.getpid()}_{next(_numbers)}"


def _named(database: str) -> str:
    return urlunsplit(urlsplit(POSTGRESQL)._replace(path=f"/{database}"))


def _on_server(statement: str, *names: str) -> None:
    query = sql.SQL(statement).format(*map(sql.Identifier, names))
    with psycopg.connect(POSTGRESQL, autocommit=True) as server:
        server.execute(query)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
