"""The Parquet files of a log, while they are read."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from exports.events.layout import Layout, remembered_layout
from exports.events.log import SegmentRef, Source
from exports.events.names import ROW, SEQ, STAMP, TIME


class Files:
    """The files of a log on this machine, while they are read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._resources = ExitStack()
        self._paths: dict[str, Path] = {}

    def path(self, digest: str) -> Path:
        if digest not in self._paths:
            self._paths[digest] = self._source.path(digest) or self._copy(digest)
        return self._paths[digest]

    def _copy(self, digest: str) -> Path:
        file = tempfile.NamedTemporaryFile()  # noqa: SIM115 - close() ends it
        copy = self._resources.enter_context(file)
        with self._source.open(digest) as original:
            shutil.copyfileobj(original, copy, 1 << 20)
        copy.flush()
        return Path(copy.name)

    def layout(self, digest: str) -> Layout:
        return remembered_layout(digest, self.path(digest))

    def scan(self, ref: SegmentRef) -> pl.LazyFrame:
        """Return all rows of a segment with their sequence numbers and times."""
        path = self.path(ref.data)
        rows = pl.scan_parquet(path)
        return rows.with_columns(placed(ref, self.layout(ref.data)))

    def close(self) -> None:
        self._resources.close()


def placed(ref: SegmentRef, layout: Layout) -> list[pl.Expr]:
    """Return what the file leaves open: where in the log its rows are."""
    stamp = pl.col(STAMP) if STAMP in layout.types else pl.lit(ref.min_inserted)
    exprs = [
        (pl.col(ROW) + ref.first_seq).alias(SEQ),
        stamp.cast(pl.Int64).alias(STAMP),
    ]
    if any(group.untimed for group in layout.groups):
        exprs.append(pl.coalesce(pl.col(TIME), stamp).alias(TIME))
    return exprs
