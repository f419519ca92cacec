"""Times of events: read from text, and shown as text."""

import re
from datetime import UTC, datetime, timedelta

import polars as pl

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NUMBER = re.compile(r"-?(\d{1,13})(\.\d{1,9})?", re.ASCII)
LARGEST_SECONDS = 100_000_000_000  # what is larger counts milliseconds
FORMAT = "%Y-%m-%d %H:%M:%S"


def us_text(us: int) -> str:
    """Show a time as `insertion time` does."""
    return (EPOCH + us * MICROSECOND).strftime(f"{FORMAT}.%fZ")


def text_us(text: str) -> int | None:
    """Read an ISO 8601 time, in UTC unless it says otherwise, or epoch seconds."""
    text = text.strip()
    if NUMBER.fullmatch(text):
        number = float(text)
        return round(number * (1e6 if abs(number) < LARGEST_SECONDS else 1e3))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (aware - EPOCH) // MICROSECOND


def stamp_text(us: pl.Expr) -> pl.Expr:
    return pl.from_epoch(us, time_unit="us").dt.strftime(f"{FORMAT}%.6fZ")


def texts_us(texts: pl.Series) -> pl.Series:
    """Read many; what is no time is null."""
    plain = texts.str.replace("T", " ", literal=True).str.strip_suffix("Z")
    times = plain.str.to_datetime(f"{FORMAT}%.f", strict=False, time_unit="us")
    found = times.dt.epoch("us")
    odd = texts.filter(found.is_null() & texts.is_not_null()).unique()
    if not odd.len():
        return found
    read = pl.Series([text_us(text) for text in odd], dtype=pl.Int64)
    rest = texts.replace_strict(odd, read, default=None, return_dtype=pl.Int64)
    return pl.select(pl.coalesce(found, rest)).to_series()


def event_times(events: pl.DataFrame, time_key: str) -> pl.Series:
    """Return the times of events by their own key, the first of its values."""
    if time_key not in events.columns:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, events.height)
    values = events.get_column(time_key)
    if isinstance(values.dtype, pl.List):
        values = values.list.first()
    return texts_us(values)
