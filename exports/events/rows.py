"""Rows of tables as events whose UUIDs follow from what they say.

So a revision that is appended again adds nothing, and a new one adds the rows that are
new: of equal rows, as many as there are more of than before.
"""

from array import array
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import cast

import polars as pl

from exports.events.ids import ID_BYTES, Known, content_ids, id_texts, repeated_id
from exports.events.names import MARK, OURS, UUID
from exports.tables.as_text import NESTED, text_of
from exports.tables.spool import Spool

VERSION = "8"  # a UUID of one's own making: RFC 9562
ROWS = 50_000
RENAMED = " (source)"
UNNAMED = str.maketrans("\0" + MARK, "��")


def row_events(
    frames: Iterable[pl.DataFrame], *, stream: str, known: Known
) -> Iterator[pl.DataFrame]:
    """Yield the rows that a log does not have yet, as events.

    All rows are read before the first is given. An empty frame for each that was read
    lets the caller stop in between.
    """
    with ExitStack() as resources:
        spool, places, ids = Spool(resources), [], bytearray()
        for frame in frames:
            for part in frame.iter_slices(ROWS):
                events = as_events(part)
                ids += b"".join(content_ids(stream, events))
                places.append(spool.add(events))
                yield events.clear().with_columns(pl.lit("").alias(UUID))
        tell_apart(ids)
        at = 0
        for events in map(spool.read, places):
            end = at + events.height * ID_BYTES
            texts = id_texts(bytes(ids[at:end]), version=VERSION)
            at = end
            yield events.with_columns(texts).filter(~known.has(texts))


def tell_apart(ids: bytearray) -> None:
    """Give what is there again an id of its own: the first, second, … of its kind."""
    numbers = pl.Series(array("Q", bytes(ids)), dtype=pl.UInt64)
    pairs = pl.DataFrame(
        {"high": numbers.gather_every(2), "low": numbers.gather_every(2, 1)}
    )
    again = pairs.with_row_index().filter(pl.col("high").is_duplicated())
    nth = again.with_columns(pl.int_range(pl.len()).over("high", "low").alias("nth"))
    for index, occurrence in nth.select("index", "nth").iter_rows():
        if occurrence:
            at = index * ID_BYTES
            first = bytes(ids[at : at + ID_BYTES])
            ids[at : at + ID_BYTES] = repeated_id(first, occurrence)


def as_events(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows with texts, or lists of texts, for values."""
    names = renamed(frame.columns)
    columns = zip(names, frame.schema.values(), strict=True)
    return frame.select(
        texts(pl.nth(n), dtype).alias(name) for n, (name, dtype) in enumerate(columns)
    )


def texts(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Array):
        column, dtype = column.arr.to_list(), pl.List(dtype.inner)
    if not isinstance(dtype, pl.List) or isinstance(dtype.inner, NESTED):
        return text_of(column, dtype)
    inner = cast("pl.DataType", dtype.inner)
    listed = column.list.eval(text_of(pl.element(), inner).drop_nulls())
    return pl.when(listed.list.len() > 0).then(listed)


def renamed(columns: Iterable[str]) -> list[str]:
    """Leave our keys to us, and no name for us to mistake for our own."""
    names: list[str] = []
    for column in columns:
        name = column.translate(UNNAMED)
        while name in OURS or name in names:
            name += RENAMED
        names.append(name)
    return names
