"""Short ways for tests to read and write whole tables."""

import io
from typing import Any

import polars as pl

from exports.tables import Dialect, Limits, WriteOptions, open_table, open_writer

Rows = list[tuple[Any, ...]]


def read(
    content: bytes,
    name: str = "data.csv",
    *,
    media_type: str = "",
    dialect: Dialect | None = None,
    limits: Limits | None = None,
) -> tuple[list[str], Rows]:
    source = io.BytesIO(content)
    with open_table(
        source,
        name=name,
        media_type=media_type,
        dialect=dialect or Dialect(),
        limits=limits or Limits(),
    ) as table:
        rows = [row for frame in table for row in frame.rows()]
        return table.columns, rows


def schema_of(content: bytes, name: str) -> dict[str, pl.DataType]:
    with open_table(io.BytesIO(content), name=name) as table:
        return dict(table.schema)


def written(name: str, *frames: pl.DataFrame, **options: Any) -> bytes:
    out = io.BytesIO()
    columns = frames[0].columns
    with open_writer(name, out, columns, WriteOptions(**options)) as writer:
        for frame in frames:
            writer.write(frame)
    assert writer.bytes == len(out.getvalue())
    assert writer.rows == sum(frame.height for frame in frames)
    return out.getvalue()


def write_half(name: str, out: io.BytesIO) -> None:
    """Write one frame that fits and one that does not."""
    with open_writer(name, out, ["a"]) as writer:
        writer.write(pl.DataFrame({"a": [1]}))
        writer.write(pl.DataFrame({"b": [1]}))


class Pipe(io.RawIOBase):
    """A source that cannot seek and gives a few bytes at a time, as a socket does."""

    def __init__(self, content: bytes, step: int = 7) -> None:
        super().__init__()
        self.content = io.BytesIO(content)
        self.step = step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self.content.read(min(size, self.step) if size > 0 else self.step)
