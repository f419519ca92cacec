"""Frames are read in a thread while those before are written."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from time import monotonic

import polars as pl
import pytest

from exports.tables import open_table
from exports.tables.ahead import ahead
from exports.tables.errors import BadRow
from exports.tables.types import Frames, Table
from tasks import outbound
from tests.support.polling import until
from tests.tasks.outbound.servers import Connection, Request, Server, ok

SOON_S = 2.0  # far less than any time limit of a socket here


class Counted:
    """Frames of one number each; knows how many were taken, and by which thread."""

    def __init__(self, count: int, error: BaseException | None = None) -> None:
        self.count, self.error = count, error
        self.taken = 0
        self.threads: set[str] = set()
        self.closed_by = ""

    def has_given(self, count: int) -> bool:
        return self.taken == count

    def frames(self) -> Frames:
        try:
            for number in range(self.count):
                self.threads.add(threading.current_thread().name)
                self.taken += 1
                yield pl.DataFrame({"n": [number]})
            if self.error:
                raise self.error
        finally:
            self.closed_by = threading.current_thread().name


def reading() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def numbers(frames: Frames) -> list[int]:
    return [frame.item() for frame in frames]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_all_frames_come_in_order(count: int, depth: int) -> None:
    assert numbers(ahead(Counted(count).frames(), depth=depth)) == [*range(count)]


def test_another_thread_reads_and_closes_the_source() -> None:
    source = Counted(3)

    numbers(ahead(source.frames()))

    assert source.threads == {"ahead"}
    assert source.closed_by == "ahead"
    assert reading() == []


def test_only_a_few_frames_are_read_before_they_are_asked_for() -> None:
    source = Counted(10)
    with closing(ahead(source.frames(), depth=2)) as frames:
        for asked in range(1, 9):
            next(frames)

            until(partial(source.has_given, asked + 2), within_s=5, what="it reads on")
            assert source.taken == asked + 2


def test_nothing_is_read_before_the_first_is_asked_for() -> None:
    source = Counted(1)

    frames = ahead(source.frames())

    assert (source.taken, reading()) == (0, [])
    assert numbers(frames) == [0]


@pytest.mark.parametrize("error", [BadRow("Row 7 is bad.", row=7), KeyboardInterrupt()])
def test_an_error_is_raised_after_the_frames_before_it(error: BaseException) -> None:
    frames = ahead(Counted(3, error).frames())

    assert [next(frames).item() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(type(error)) as caught:
        next(frames)
    assert caught.value is error
    assert reading() == []


def test_a_bad_row_is_named_as_it_is_without_a_thread() -> None:
    content = b"a,b\n" + b"1,2\n" * 1_500_000 + b"3\n"

    with table_of(content) as table:
        table.frames = ahead(table.frames)
        with pytest.raises(BadRow, match="Row 1500002 has 1 cells where 2") as caught:
            list(table)

    assert caught.value.row == 1_500_002


def test_closing_in_the_middle_closes_the_source() -> None:
    source = Counted(50)
    frames = ahead(source.frames())
    next(frames)

    frames.close()

    assert source.closed_by == "ahead"
    assert source.taken <= 3
    assert reading() == []


def test_who_forgets_to_close_leaves_no_thread_either() -> None:
    frames = ahead(Counted(50).frames())
    next(frames)

    del frames

    assert reading() == []


def test_closing_a_table_ends_the_reading_of_its_frames() -> None:
    with table_of(b"a,b\n" + b"some text,more text\n" * 1_500_000) as table:
        table.frames = ahead(table.frames)
        next(table.frames)
        assert reading()

    assert reading() == []


def test_closing_stops_a_source_that_waits_for_bytes() -> None:
    near, far = socket.socketpair()
    near.settimeout(10)
    with near, far:
        frames = ahead(received(near), stop=lambda: near.shutdown(socket.SHUT_RDWR))
        far.sendall(b"x")
        next(frames)
        began = monotonic()

        frames.close()

    assert monotonic() - began < SOON_S
    assert reading() == []


def test_who_reads_to_the_end_is_not_stopped() -> None:
    stopped: list[bool] = []

    numbers(ahead(Counted(3).frames(), stop=lambda: stopped.append(True)))

    assert stopped == []


def test_a_source_shut_from_elsewhere_ends_who_waits_for_its_frames() -> None:
    with stalled() as server:
        ends: list[Callable[[], None]] = []
        with fetched(server, ends.append) as table:
            table.frames = ahead(table.frames)
            next(table.frames)
            began = monotonic()
            threading.Timer(0.2, ends[0]).start()

            with pytest.raises(outbound.OutboundError):
                list(table.frames)

    assert monotonic() - began < SOON_S
    assert reading() == []


def test_a_table_from_a_server_that_stalls_is_closed_at_once() -> None:
    with stalled() as server:
        ends: list[Callable[[], None]] = []
        with fetched(server, ends.append) as table:
            table.frames = ahead(table.frames, stop=ends[0])
            next(table.frames)
            began = monotonic()

    assert monotonic() - began < SOON_S
    assert reading() == []


def received(sock: socket.socket) -> Frames:
    while block := sock.recv(1):
        yield pl.DataFrame({"b": [block]})


@contextmanager
def table_of(content: bytes) -> Iterator[Table]:
    with open_table(io.BytesIO(content), name="data.csv") as table:
        yield table


@contextmanager
def stalled() -> Iterator[Server]:
    """Serve two blocks of a table that is announced to be much longer."""

    def answer(peer: Connection, request: Request) -> None:
        peer.send(ok(b"a,b\n" + b"some text,more text\n" * 500_000, length=1 << 30))
        peer.stopping.wait(10)

    with Server() as server:
        server.does(answer)
        yield server


@contextmanager
def fetched(
    server: Server, on_open: Callable[[Callable[[], None]], None]
) -> Iterator[Table]:
    url, policy = f"{server.origin}/t.csv", server.policy()
    with (
        outbound.stream("GET", url, policy=policy, on_open=on_open) as reply,
        open_table(reply.file(), name="t.csv") as table,
    ):
        yield table
