"""Frames that another thread reads, with a sign of life while none has come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Protocol

import polars as pl

from exports.tables.ahead import DEPTH, Reading
from exports.tables.types import Frames

BEAT_S = 0.2
# A thread may sit in a look-up or a connection attempt, which nothing interrupts;
# it ends by itself when the time for those is up, and closes what it opened.
JOIN_S = 0.3

Beats = Iterator[pl.DataFrame | None]


class Streamed(Protocol):
    """A source whose rows come in one pass, with at least one frame."""

    @property
    def first_row(self) -> int:
        """The number of the first row of data, once the first frame has come."""

    def frames(self) -> Frames: ...

    def stop(self) -> None:
        """Have the reading fail soon; any thread may call this, at any time."""


@contextmanager
def read_aside(frames: Frames, *, stop: Callable[[], None]) -> Iterator[Beats]:
    """Give the frames, and None whenever the next one takes longer than a beat.

    So that who waits for a slow source can do something else meanwhile. `stop` has the
    source fail at once; it is called if the block ends before the frames do.
    """
    reading = Reading(frames, DEPTH)
    reading.thread.start()
    try:
        yield _beats(reading)
    finally:
        reading.unwanted.set()
        reading.room.release()
        if not reading.over:
            stop()
        reading.thread.join(JOIN_S)


def _beats(reading: Reading) -> Beats:
    while True:
        try:
            item = reading.ready.get(timeout=BEAT_S)
        except Empty:
            yield None
            continue
        reading.over = not isinstance(item, pl.DataFrame)
        reading.room.release()
        if item is None:
            return
        if isinstance(item, BaseException):
            raise item
        yield item


def filled(beats: Beats, first: pl.DataFrame) -> Frames:
    """Give the first frame and those after it, and empty ones for each beat."""
    empty = first.clear()
    yield first
    for frame in beats:
        yield empty if frame is None else frame
