"""Frames read in a thread of their own while those before are being written."""

from collections.abc import Callable, Generator
from queue import SimpleQueue
from threading import Event, Semaphore, Thread

import polars as pl

from exports.tables.types import Frames

DEPTH = 2

Item = pl.DataFrame | BaseException | None  # None comes last when all went well


def ahead(
    frames: Frames, *, depth: int = DEPTH, stop: Callable[[], None] | None = None
) -> Generator[pl.DataFrame, None, None]:
    """Yield the frames, at most `depth` of which are read before they are asked for.

    The thread begins with the first frame and is over when this generator is: after
    the last frame, after an error, which is raised here, and after `close`. A source
    that may keep `close` waiting needs a `stop`: it is called, if frames were left, to
    make the reading fail at once. The source is closed in the thread that read it.
    """
    reading = Reading(frames, depth)
    reading.thread.start()
    try:
        while (item := reading.take()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        reading.end(stop)


class Reading:
    """One source, and the thread that takes its frames."""

    def __init__(self, frames: Frames, depth: int) -> None:
        self.frames = frames
        self.ready: SimpleQueue[Item] = SimpleQueue()
        self.room = Semaphore(depth)
        self.unwanted = Event()
        # A daemon, as a program that forgot to close must be able to end.
        self.thread = Thread(target=self.fill, name="ahead", daemon=True)
        self.over = False

    def take(self) -> Item:
        item = self.ready.get()
        self.over = not isinstance(item, pl.DataFrame)
        self.room.release()
        return item

    def end(self, stop: Callable[[], None] | None) -> None:
        self.unwanted.set()
        self.room.release()
        if stop and not self.over:
            stop()
        self.thread.join()

    def fill(self) -> None:
        try:
            self.read()
        except BaseException as error:  # noqa: BLE001 - raised again by who takes it
            self.ready.put(error)
        else:
            self.ready.put(None)

    def read(self) -> None:
        try:
            while self.room.acquire() and not self.unwanted.is_set():
                self.ready.put(next(self.frames))
        except StopIteration:
            return
        finally:
            close = getattr(self.frames, "close", None)
            if close is not None:
                close()
