"""A page as a gzip stream of pieces: some made, some ranges of files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from exports.events.gzipped import HEADER, Piece, Sum, deflated
from exports.events.json_rows import BETWEEN
from exports.events.log import Source
from exports.events.merge import Standing

READ_BYTES = 1 << 20
MADE_ROWS = 16_384
BEGIN = deflated(b"[")
END = deflated(b"]")
SEPARATOR = deflated(BETWEEN)


@dataclass(frozen=True, slots=True)
class Range:
    """Some bytes of a file."""

    digest: str
    offset: int
    size: int

    def read(self, source: Source) -> Iterator[bytes]:
        left = self.size
        with source.open(self.digest) as file:
            file.seek(self.offset)
            while left:
                part = file.read(min(left, READ_BYTES))
                if not part:
                    raise EOFError(f"{self.digest} is shorter than its index says.")
                left -= len(part)
                yield part


@dataclass(slots=True)
class Run:
    """Blocks that follow one another in one file, sent as they stand there."""

    first: Standing
    last: Standing

    def goes_on(self, one: Standing) -> bool:
        return one.digest == self.last.digest and one.at == self.last.at + 1


Part: TypeAlias = Run | list[bytes]  # the lines of events that are made ready


@dataclass(slots=True)
class Pieces:
    """The pieces of a stream in their order, and their sum."""

    pieces: list[bytes | Range] = field(default_factory=lambda: [HEADER])
    sum: Sum = field(default_factory=Sum)

    def page(self, parts: list[Part]) -> None:
        self.add(*BEGIN)
        for n, part in enumerate(parts):
            if n:
                self.add(*SEPARATOR)
            if isinstance(part, Run):
                self.run(part)
            else:
                self.lines(part)
        self.add(*END)
        self.pieces.append(self.sum.end())

    def add(self, data: bytes, piece: Piece) -> None:
        self.pieces.append(data)
        self.sum.add(piece)

    def run(self, run: Run) -> None:
        for at in range(run.first.at, run.last.at + 1):
            if at > run.first.at:
                self.sum.add(SEPARATOR[1])
            block = run.first.index[at]
            self.sum.add(block.piece)
        start = run.first.block.offset
        self.pieces.append(
            Range(run.first.digest, start, block.offset + block.size - start)
        )

    def lines(self, lines: list[bytes]) -> None:
        for start in range(0, len(lines), MADE_ROWS):
            if start:
                self.add(*SEPARATOR)
            self.add(*deflated(BETWEEN.join(lines[start : start + MADE_ROWS])))
