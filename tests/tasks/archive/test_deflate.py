"""Deflate on two threads is one stream that any tool inflates."""

import random
import threading
import tracemalloc
import zlib
from itertools import pairwise

import pytest
from isal import isal_zlib

from tasks.archive.deflate import BLOCK_BYTES, Deflate, deflate_threads
from tests.support.started import started_since

TEXT = b"".join(b"%d,country %d,%d\n" % (n, n % 97, n * 7919) for n in range(60_000))
NOISE = random.Random(1).randbytes(1 << 20)


def deflated(*parts: bytes, level: int = 3) -> bytes:
    with deflate_threads() as threads:
        stream = Deflate(threads, level=level)
        return b"".join([*map(stream.compress, parts), stream.flush()])


def inflated(packed: bytes) -> bytes:
    stream = zlib.decompressobj(-15)
    content = stream.decompress(packed)
    assert stream.eof
    assert not stream.unused_data
    return content


@pytest.mark.parametrize("blocks", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_what_goes_in_comes_out_whatever_its_size(blocks: int, more: int) -> None:
    content = (TEXT * 10)[: max(0, blocks * BLOCK_BYTES + more)]

    assert inflated(deflated(content)) == content


def test_what_cannot_be_made_smaller_comes_out_too() -> None:
    assert inflated(deflated(NOISE)) == NOISE


def test_equal_bytes_give_equal_bytes_however_they_are_cut() -> None:
    draw = random.Random(2)
    cuts = sorted({0, len(TEXT), *draw.choices(range(len(TEXT)), k=50)})
    parts = [TEXT[start:end] for start, end in pairwise(cuts)]

    assert len(TEXT) > 3 * BLOCK_BYTES
    assert deflated(*parts) == deflated(TEXT) == deflated(*parts, b"")


def test_any_buffer_is_taken_as_its_bytes() -> None:
    words = memoryview(bytearray(TEXT[:4000])).cast("I")

    assert inflated(deflated(words)) == TEXT[:4000]  # type: ignore[arg-type]


def test_what_was_handed_over_may_change_afterwards() -> None:
    content = bytearray(TEXT)
    with deflate_threads() as threads:
        stream = Deflate(threads)
        packed = stream.compress(content)
        content[:] = bytes(len(content))
        packed += stream.flush()

    assert inflated(packed) == TEXT


def test_a_block_points_back_into_the_one_before() -> None:
    often = NOISE[:20_000] * 64

    assert len(deflated(often)) < 2 * 20_000


def test_cutting_into_blocks_costs_next_to_nothing() -> None:
    whole = isal_zlib.compressobj(3, isal_zlib.DEFLATED, -15)
    at_once = len(whole.compress(TEXT) + whole.flush())

    assert len(deflated(TEXT)) < 1.01 * at_once


def test_what_fits_into_one_block_starts_no_thread() -> None:
    earlier = threading.enumerate()
    with deflate_threads() as threads:
        stream = Deflate(threads)
        stream.compress(TEXT[: BLOCK_BYTES - 1])
        stream.flush()

        assert not started_since(earlier)


def test_the_threads_end_though_the_stream_does_not() -> None:
    earlier = threading.enumerate()
    with deflate_threads() as threads:
        Deflate(threads).compress(TEXT)
        assert len(started_since(earlier)) == 2

    assert not started_since(earlier)


def test_memory_is_that_of_a_few_blocks() -> None:
    with deflate_threads() as threads:
        stream = Deflate(threads)
        tracemalloc.start()
        try:
            for _ in range(64):
                stream.compress(NOISE)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak < 16 << 20


def test_what_goes_wrong_in_a_thread_is_raised_to_the_writer() -> None:
    with pytest.raises(ValueError, match="Invalid compression level: 7"):
        deflated(TEXT, level=7)
