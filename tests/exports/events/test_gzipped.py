"""Pieces that are deflated apart make one stream of one member."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from exports.events.gzipped import GzipWriter, deflated, inflate, inflated


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_pieces_are_one_member_with_the_right_sum(pieces: list[bytes]) -> None:
    written = bytearray()

    class Out:
        def write(self, block: bytes, /) -> None:
            written.extend(block)

    writer = GzipWriter(Out())
    for piece in pieces:
        writer.put(*deflated(piece))
    writer.close()

    whole = b"".join(pieces)
    one = zlib.decompressobj(31)
    assert one.decompress(bytes(written)) == whole
    assert one.eof
    assert not one.unused_data
    assert gzip.decompress(bytes(written)) == whole
    assert (writer.sum.size, writer.sum.plain_size) == (len(written), len(whole))
    assert b"".join(inflate([bytes(written)])) == whole


def test_pieces_in_a_row_inflate_together() -> None:
    one, _ = deflated(b"one, ")
    two, _ = deflated(b"two")

    assert inflated(one + two) == b"one, two"


def test_a_large_stream_is_inflated_a_little_at_a_time() -> None:
    parts = list(inflate([gzip.compress(bytes(3 << 20))]))

    assert sum(map(len, parts)) == 3 << 20
    assert max(map(len, parts)) <= 256 << 10
