"""Rows of tables as events whose UUIDs follow from what they say.

So a revision that is appended again adds nothing, and a new one adds the rows that are
new: of equal rows, as many as there are more of than before.
"""

from array import array
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import BinaryIO, cast

import polars as pl

from exports.events.columns import Types, union
from exports.events.ids import ID_BYTES, Known, content_ids, id_texts, repeated_id
from exports.events.names import MARK, OURS, UUID
from exports.events.segments import Written, write_segment
from exports.events.steps import Work, in_steps
from exports.tables.as_text import NESTED, text_of
from exports.tables.spool import Place, Spool

VERSION = "8"  # a UUID of one's own making: RFC 9562
ROWS = 50_000
RENAMED = " (source)"
UNNAMED = str.maketrans("\0" + MARK, "��")


@in_steps
def write_rows(
    frames: Iterable[pl.DataFrame],
    out: BinaryIO,
    *,
    stream: str,
    known: Known,
    time_key: str,
) -> Work[Written]:
    """Write the rows that a log does not have yet, as events, to a file.

    All rows are read before the first is written. Steps count what was read.
    """
    with ExitStack() as resources:
        rows = Rows(stream, resources)
        for frame in frames:
            rows.add(frame)
            yield rows.count
        new = rows.events(known)
        written = write_segment(new, out, time_key=time_key, types=rows.types)
        for _ in written:
            yield rows.count
    return written.result


class Rows:
    """The rows of one revision, kept in a file until all of them are read."""

    def __init__(self, stream: str, resources: ExitStack) -> None:
        self.count = 0
        self.types: Types = {UUID: pl.String()}
        self._stream = stream
        self._spool = Spool(resources)
        self._places: list[Place] = []
        self._ids = bytearray()

    def add(self, frame: pl.DataFrame) -> None:
        for part in frame.iter_slices(ROWS):
            events = as_events(part)
            self._ids += b"".join(content_ids(self._stream, events))
            self._places.append(self._spool.add(events))
            self.types = union([self.types, events.schema])
            self.count += part.height

    def events(self, known: Known) -> Iterator[pl.DataFrame]:
        """Yield the rows that are not known, with their UUIDs."""
        tell_apart(self._ids)
        at = 0
        for events in map(self._spool.read, self._places):
            end = at + events.height * ID_BYTES
            ids = id_texts(bytes(self._ids[at:end]), version=VERSION)
            at = end
            yield events.with_columns(ids).filter(~known.has(ids))


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
