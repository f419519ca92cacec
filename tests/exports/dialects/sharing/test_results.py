"""How results are handed out: in which coding, in which pieces."""

import pytest

from exports.dialects.sharing.results import cut, takes_gzip


@pytest.mark.parametrize(
    "accepted", ["gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "br,gzip ; q=1.0"]
)
def test_gzip_is_for_who_names_it(accepted: str) -> None:
    assert takes_gzip(accepted)


@pytest.mark.parametrize(
    "accepted", ["", "identity", "x-gzipped", "gzip;q=0", "gzip; q=0.000", "*"]
)
def test_others_get_plain_json(accepted: str) -> None:
    assert not takes_gzip(accepted)


def test_a_large_part_goes_in_pieces_that_a_slow_client_takes_in_time() -> None:
    part = bytes(range(256)) * 1_000

    pieces = list(cut(part))

    assert b"".join(pieces) == part
    assert [len(piece) for piece in pieces] == [65_536, 65_536, 65_536, 59_392]
