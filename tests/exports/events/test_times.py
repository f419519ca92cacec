"""Times are read from text and shown as text."""

import polars as pl
import pytest

from exports.events import text_us, us_text
from exports.events.times import texts_us


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2020-10-01", "2020-10-01 00:00:00.000000Z"),
        ("2020-10-01 12:30:15", "2020-10-01 12:30:15.000000Z"),
        ("2020-10-01T12:30:15Z", "2020-10-01 12:30:15.000000Z"),
        ("2020-10-01T12:30:15.123456+02:00", "2020-10-01 10:30:15.123456Z"),
        (" 1763695200.12 ", "2025-11-21 03:20:00.120000Z"),
        ("1763695200120", "2025-11-21 03:20:00.120000Z"),
        ("1960-01-01 00:00:00", "1960-01-01 00:00:00.000000Z"),
    ],
)
def test_a_time_is_read_alike_alone_and_among_others(text: str, shown: str) -> None:
    us = text_us(text)

    assert us is not None
    assert us_text(us) == shown
    assert texts_us(pl.Series([None, text, "no time"])).to_list() == [None, us, None]


@pytest.mark.parametrize("text", ["", "yesterday", "2020-13-01", "nan", "1e5", "٣"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert text_us(text) is None
    assert texts_us(pl.Series([text])).to_list() == [None]
