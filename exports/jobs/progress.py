"""How far an export is, in numbers that never go back."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TypeVar

from exports.origins import format_of
from exports.plan import is_blocking
from exports.request import Configuration
from exports.sources.files import FileSource
from exports.tables.types import Frames
from tasks.engine.run import Step

# Only at their end is it known which columns they have.
READ_WHOLE = {"json", "xlsx", "zip"}
HALF = 1000

T = TypeVar("T")


@dataclass(slots=True)
class FileMeter:
    """Counts bytes of the source; where all is read before a row is written, twice.

    What is written then counts against the size of the source, as nothing better is
    known about it before the end.
    """

    source: FileSource
    twice: bool
    done: int = 0

    def read(self, *, written: int) -> tuple[int | None, int | None]:
        length = self.source.total
        if not length:
            return None, None
        second = min(written, length) if self.twice else 0
        self.done = max(self.done, min(self.source.taken, length) + second)
        return self.done, 2 * length if self.twice else length


def file_meter(source: FileSource, configuration: Configuration) -> FileMeter:
    kind = configuration.source_format or format_of(source.url)
    twice = kind in READ_WHOLE or is_blocking(configuration)
    return FileMeter(source, twice=twice)


@dataclass(slots=True)
class SecondHalf:
    """Counts the rows that were taken of those that had been fetched before."""

    rows: int
    taken: int = 0

    def counted(self, frames: Frames) -> Frames:
        for frame in frames:
            self.taken += frame.height
            yield frame

    def read(self, *, written: int) -> tuple[int | None, int | None]:
        return HALF + HALF * self.taken // max(1, self.rows), 2 * HALF


def first_half(steps: Generator[Step, None, T]) -> Generator[Step, None, T]:
    """Pass steps on, whose end is half of the way."""
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            yield halved(step)


def halved(step: Step) -> Step:
    if not step.total or step.done is None:
        return replace(step, done=None, total=None)
    share = min(HALF, HALF * step.done // step.total)
    return replace(step, done=share, total=2 * HALF)
