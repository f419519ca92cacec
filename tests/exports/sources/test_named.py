"""The setting SOURCE_DATABASES, and what it lets callers ask for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from exports.sources.named import parse_databases, table_parts

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "s3cret"
URL = f"postgres://me:{PASSWORD}@db.example/sales"


def parsed(**given: Any) -> Any:
    return parse_databases(json.dumps({"sales": {"url": URL, **given}}))["sales"]


def test_what_is_not_said_is_not_offered() -> None:
    database = parsed()

    assert (database.timeout_s, database.max_rows, database.max_mb) == (
        300,
        100_000_000,
        16_384,
    )
    assert not database.offers("orders")
    assert database.queries == {}


def test_every_table_but_the_database_s_own() -> None:
    database = parsed(tables="*")

    assert database.offers("orders")
    assert database.offers('"we.ird"."x"')
    for table in ("pg_authid", "PG_catalog.pg_class", '"pg_authid"', "", "a.", '"'):
        assert not database.offers(table)


def test_names_in_quotes_keep_their_dots() -> None:
    assert table_parts("a.b") == ("a", "b")
    assert table_parts('"a.b".c') == ("a.b", "c")
    assert table_parts('"a""b"') == ('a"b',)
    assert table_parts('a"b') == ()


@pytest.mark.parametrize(
    "given",
    [
        f'{{"sales": {{"url": "{URL}"',
        f'["{URL}"]',
        f'{{"sales": "{URL}"}}',
        f'{{"sales": {{"url": "mysql://me:{PASSWORD}@db"}}}}',
        f'{{"sales": {{"url": "{URL}", "table": "x"}}}}',
        f'{{"sales": {{"url": "{URL}", "tables": "x"}}}}',
        f'{{"sales": {{"url": "{URL}", "tables": ["a."]}}}}',
        f'{{"sales": {{"url": "{URL}", "queries": {{"a": " "}}}}}}',
        f'{{"sales": {{"url": "{URL}", "max_rows": 0}}}}',
        f'{{"sales": {{"url": "{URL}", "timeout_s": true}}}}',
        f'{{"http://x": {{"url": "{URL}"}}}}',
        '{"sales": {"url": "sqlite:///"}}',
        '{"sales": {"url": "postgres://"}}',
    ],
)
def test_what_is_wrong_is_told_without_the_password(given: str) -> None:
    with pytest.raises(ValueError, match="SOURCE_DATABASES") as caught:
        parse_databases(given)

    assert PASSWORD not in str(caught.value)


def test_a_setting_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path),
        "SOURCE_DATABASES": f'{{"sales": {{"url": "mysql://me:{PASSWORD}@db"}}}}',
    }
    command = [sys.executable, str(ROOT / "manage.py"), "check"]

    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "SOURCE_DATABASES['sales']: `url` must be" in done.stderr
    assert PASSWORD not in done.stderr
