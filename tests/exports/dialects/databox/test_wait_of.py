"""How long `?timeout=` has a long-poll wait (contract 3.2.4)."""

import pytest

from exports.dialects.databox.doors import wait_of


@pytest.mark.parametrize(
    ("timeout", "wait_s"),
    [
        (None, 5.0),
        ("", 5.0),
        ("soon", 5.0),
        ("1,5", 5.0),
        ("nan", 5.0),
        ("-nan", 5.0),
        ("0", 0.0),
        ("-0.0", 0.0),
        ("-3", 0.0),
        ("-inf", 0.0),
        ("0.25", 0.25),
        ("1e1", 10.0),
        ("60.5", 60.0),
        ("inf", 60.0),
        ("1e999", 60.0),
    ],
)
def test_a_timeout_is_read_as_seconds_within_bounds(
    timeout: str | None, wait_s: float
) -> None:
    assert wait_of(timeout) == wait_s
