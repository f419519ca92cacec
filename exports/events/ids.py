"""UUIDs of events: made at random, or out of what a row says."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import closing

import polars as pl

from exports.events.files import Files
from exports.events.json_rows import BETWEEN, json_bytes
from exports.events.log import Log, Source
from exports.events.names import UUID
from exports.events.tail import unpack

ID_BYTES = 16
HALVES = {"high": pl.UInt64(), "low": pl.UInt64()}


def random_ids(count: int) -> pl.Series:
    return id_texts(os.urandom(count * ID_BYTES), version="4")


def content_ids(stream: str, events: pl.DataFrame) -> list[bytes]:
    """Return what tells rows of a stream apart: equal rows have equal bytes."""
    person = hashlib.blake2b(stream.encode(), digest_size=ID_BYTES).digest()
    lines = bytes(json_bytes(events)).split(BETWEEN) if events.width else []
    return [
        hashlib.blake2b(line, digest_size=ID_BYTES, person=person).digest()
        for line in lines
    ]


def repeated_id(first: bytes, occurrence: int) -> bytes:
    """Return what stands for a row that has been there before."""
    again = occurrence.to_bytes(8, "big")
    return hashlib.blake2b(first + again, digest_size=ID_BYTES).digest()


def id_texts(ids: bytes, *, version: str) -> pl.Series:
    """Show 16 bytes each as UUIDs (RFC 9562), two half bytes of them given up."""
    each = [ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)]
    hexes = pl.Series("hex", each, dtype=pl.Binary).bin.encode("hex").to_frame()
    digits = pl.col("hex").str
    text = pl.concat_str(
        digits.slice(0, 8),
        pl.lit("-"),
        digits.slice(8, 4),
        pl.lit(f"-{version}"),
        digits.slice(13, 3),
        pl.lit("-a"),
        digits.slice(17, 3),
        pl.lit("-"),
        digits.slice(20, 12),
    )
    return hexes.select(text.alias(UUID)).to_series()


def halves(ids: pl.Series) -> pl.DataFrame:
    """Return UUIDs as two numbers each, in a third of their room."""
    plain = pl.col(UUID).str.replace_all("-", "", literal=True).str.decode("hex")
    cut = [plain.bin.slice(at, 8).bin.reinterpret(dtype=pl.UInt64()) for at in (0, 8)]
    high, low = cut
    return ids.alias(UUID).to_frame().select(high.alias("high"), low.alias("low"))


class Known:
    """The UUIDs that a log has."""

    def __init__(self, parts: Iterable[pl.DataFrame]) -> None:
        found = pl.concat([pl.DataFrame(schema=HALVES), *parts])
        self._found = found.sort("high")

    def has(self, ids: pl.Series) -> pl.Series:
        """Tell of each UUID whether it is there."""
        asked = halves(ids)
        count = self._found.height
        if not count:
            return pl.repeat(value=False, n=ids.len(), eager=True)
        places = self._found.get_column("high").search_sorted(asked.get_column("high"))
        near = self._found[places.clip(0, count - 1)]
        same = near.get_column("high") == asked.get_column("high")
        equal = same & (near.get_column("low") == asked.get_column("low"))
        odd = same & ~equal  # half a UUID in common, once in a million logs
        if odd.any():
            joined = asked.with_row_index().join(self._found, on=["high", "low"])
            indexes = pl.int_range(ids.len(), eager=True)
            equal |= indexes.is_in(joined.get_column("index").implode())
        return equal


def known_ids(log: Log, source: Source) -> Known:
    """Read the UUIDs of a log."""
    with closing(Files(source)) as files:
        return Known(parts_of(log, files))


def parts_of(log: Log, files: Files) -> Iterator[pl.DataFrame]:
    for ref in log.segments:
        ids = pl.scan_parquet(files.path(ref.data)).select(UUID)
        for at in range(0, ref.rows, 500_000):
            yield halves(ids.slice(at, 500_000).collect().get_column(UUID))
    for batch in log.tail:
        yield halves(unpack(batch).get_column(UUID))
