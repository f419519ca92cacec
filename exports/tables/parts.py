"""A table cut by the hash of some columns, kept in a temporary file part by part."""

import io
from collections.abc import Sequence
from contextlib import ExitStack

import polars as pl

from exports.tables.source import temporary_file
from exports.tables.types import Schema

PART = "part"


class Parts:
    """Takes the frames of one table; rows with equal keys end in the same part.

    One file holds all parts, as one for each would be hundreds of open files.
    """

    def __init__(
        self, resources: ExitStack, schema: Schema, *, by: Sequence[str], count: int
    ) -> None:
        self.schema = schema
        self.by = list(by)
        self.count = count
        self.file = temporary_file(resources)
        # Where the blocks of each part are in the file: offset and size.
        self.blocks: list[list[tuple[int, int]]] = [[] for _ in range(count)]

    def add(self, frame: pl.DataFrame) -> None:
        if self.count == 1:
            self.keep(0, frame)
            return
        number = (pl.struct(self.by).hash() % self.count).alias(PART)
        cut = frame.with_columns(number).partition_by(
            PART, as_dict=True, include_key=False, maintain_order=True
        )
        for (part,), rows in cut.items():
            self.keep(int(part), rows)

    def keep(self, part: int, rows: pl.DataFrame) -> None:
        block = io.BytesIO()
        rows.write_ipc_stream(block, compression="lz4")
        offset = self.file.seek(0, io.SEEK_END)
        self.blocks[part].append((offset, self.file.write(block.getbuffer())))

    def take(self, part: int) -> pl.DataFrame:
        """Return the rows of a part, in the order in which they came."""
        frames = [self.block(*place) for place in self.blocks[part]]
        return pl.concat(frames) if frames else pl.DataFrame(schema=self.schema)

    def block(self, offset: int, size: int) -> pl.DataFrame:
        self.file.seek(offset)
        return pl.read_ipc_stream(io.BytesIO(self.file.read(size)))
