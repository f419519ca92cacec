"""The Parquet file of a segment: columns of keys, rows in insertion order."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from exports.events.log import SegmentRef, Source
from exports.events.names import ROW, SEQ, STAMP, TIME, is_internal
from exports.tables.columns import cell

GROUP_ROWS = 50_000
# Twice the size of zstd, in half its time to read.
CODEC: Final = "lz4"
MOST_KEPT = 256  # files whose layout is remembered

Types = Mapping[str, pl.DataType]


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows of a file that are read together."""

    first: int
    rows: int
    times: tuple[int, int] | None  # the first and the last, if any row has one
    stamps: tuple[int, int] | None  # if the file knows them
    untimed: bool  # some rows have no time


@dataclass(frozen=True, slots=True)
class Layout:
    types: dict[str, pl.DataType]
    groups: tuple[Group, ...]

    @property
    def keys(self) -> dict[str, pl.DataType]:
        return {n: dtype for n, dtype in self.types.items() if not is_internal(n)}


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


def conformed(frame: pl.DataFrame, types: Types) -> pl.DataFrame:
    """Give a frame the columns that all frames have."""
    return frame.select(as_type(n, frame.schema.get(n), t) for n, t in types.items())


def as_type(name: str, have: pl.DataType | None, want: pl.DataType) -> pl.Expr:
    if have is None:
        return pl.lit(None, dtype=want).alias(name)
    if isinstance(want, pl.List) and not isinstance(have, pl.List):
        listed = pl.concat_list(cell(name))
        return pl.when(cell(name).is_not_null()).then(listed).alias(name)
    return cell(name)


def union(all_types: Iterator[Types]) -> dict[str, pl.DataType]:
    """Return types that hold the events of all; texts and lists of them are lists."""
    found: dict[str, pl.DataType] = {}
    for types in all_types:
        for name, dtype in types.items():
            if not isinstance(found.get(name), pl.List):
                found[name] = dtype
    return found


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


_LAYOUTS: dict[str, Layout] = {}


def remembered_layout(digest: str, path: Path) -> Layout:
    if digest not in _LAYOUTS:
        if len(_LAYOUTS) >= MOST_KEPT:
            _LAYOUTS.pop(next(iter(_LAYOUTS)))
        _LAYOUTS[digest] = read_layout(path)
    return _LAYOUTS[digest]


def read_layout(path: Path) -> Layout:
    found = pq.read_metadata(path)
    names = found.schema.to_arrow_schema().names
    groups: list[Group] = []
    first = 0
    for n in range(found.num_row_groups):
        group = found.row_group(n)
        times, untimed = extent(group, names, TIME)
        stamps, _ = extent(group, names, STAMP)
        groups.append(Group(first, group.num_rows, times, stamps, untimed))
        first += group.num_rows
    return Layout(dict(pl.read_parquet_schema(path)), tuple(groups))


def extent(
    group: "pq.RowGroupMetaData", names: list[str], name: str
) -> tuple[tuple[int, int] | None, bool]:
    """Return the bounds of a column of numbers, and whether some are null."""
    if name not in names:
        return None, False
    found = group.column(names.index(name)).statistics
    if found is None:
        raise ValueError(f"Column {name!r} has no statistics.")
    low, high = cast("tuple[int, int]", (found.min, found.max))
    return (low, high) if found.has_min_max else None, bool(found.null_count)
