"""The Parquet file of a segment, written: rows in insertion order."""

from typing import BinaryIO, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from exports.events.columns import Types, conformed
from exports.events.names import ROW, is_internal

GROUP_ROWS = 50_000
# Twice the size of zstd, in half its time to read.
CODEC: Final = "lz4"


class SegmentWriter:
    """Writes frames of events; the columns of keys are known from the start."""

    def __init__(self, out: BinaryIO, types: Types) -> None:
        self.types = dict(types)
        self.rows = 0
        self._waiting: list[pl.DataFrame] = []
        numbers = [name for name in (ROW, *types) if is_internal(name)]
        self._file = pq.ParquetWriter(
            out,
            arrow(pl.DataFrame(schema={ROW: pl.Int64(), **self.types})).schema,
            compression=CODEC,
            use_dictionary=[  # type: ignore[arg-type]  # the stubs know a bool only
                name for name in types if not is_internal(name)
            ],
            column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        )

    def write(self, frame: pl.DataFrame) -> None:
        self._waiting.append(conformed(frame, self.types))
        if sum(part.height for part in self._waiting) >= GROUP_ROWS:
            self._put(GROUP_ROWS)

    def close(self) -> None:
        self._put(1)
        self._file.close()

    def _put(self, least: int) -> None:
        whole = pl.concat(self._waiting) if self._waiting else pl.DataFrame()
        at = 0
        while whole.height - at >= least:
            group = whole.slice(at, GROUP_ROWS)
            self._file.write_table(
                arrow(group.with_row_index(ROW, self.rows).cast({ROW: pl.Int64()}))
            )
            self.rows += group.height
            at += group.height
        self._waiting = [whole.slice(at)] if at < whole.height else []


def arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
