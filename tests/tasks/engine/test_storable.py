"""Values made fit for every database."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.engine.storable import storable


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ("plain", "plain"),
        ("a\0b", "a\ufffdb"),
        ("\udcff", "?"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (date(2026, 1, 2), "2026-01-02"),
        (Path("a/b"), "a/b"),
        (ValueError("no\0"), "no\ufffd"),
        ((1, "x\0"), [1, "x\ufffd"]),
        ({1: {"a\0": [float("inf")]}}, {"1": {"a\ufffd": ["inf"]}}),
    ],
)
def test_a_value_is_stored_as_json_that_every_database_takes(
    value: Any, stored: Any
) -> None:
    assert storable(value) == stored
