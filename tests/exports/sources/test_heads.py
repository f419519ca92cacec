"""The beginning of a file, cut where a row ends."""

import gzip

import pytest

from exports.sources.heads import MOST_BYTES, trimmed, unpacked


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"a,b\n1,2\n3,", b"a,b\n1,2\n"),
        (b'a,b\n1,"x\ny"\n2,"x\n', b'a,b\n1,"x\ny"\n'),
        (b'a,b\n1,"x""\ny', b"a,b\n"),
        (b"a,b", b"a,b"),
        (b'[{"n": 1}, {"n": [2, 3]}, {"n": ', b'[{"n": 1},{"n": [2, 3]}]'),
        (b'\xef\xbb\xbf [{"n": 1}, {"n"', b'[{"n": 1}]'),
        (b'[{"n": 1', b'[{"n": 1'),
        ("n\n1\n2".encode("utf-16"), b"n\n1\n"),
        (b'{"n": 1}\n{"n"', b'{"n": 1}\n'),
    ],
    ids=["csv", "cell", "quote", "row", "json", "bom", "element", "utf-16", "ndjson"],
)
def test_what_is_cut_off_is_dropped(head: bytes, kept: bytes) -> None:
    assert trimmed(head) == kept


def test_the_beginning_of_a_gzip_file_is_unpacked() -> None:
    text = b"n\n" + b"1\n" * MOST_BYTES
    packed = gzip.compress(text, mtime=0)

    assert unpacked(packed, whole=True) == (text[:MOST_BYTES], False)
    head, whole = unpacked(packed[:100], whole=False)
    assert text.startswith(head)
    assert not whole


def test_what_is_small_or_no_gzip_stays_as_it_is() -> None:
    packed = gzip.compress(b"n\n1\n", mtime=0)

    assert unpacked(packed, whole=True) == (packed, True)
    assert unpacked(b"n\n", whole=False) == (b"n\n", False)
    assert unpacked(b"\x1f\x8bbroken", whole=True) == (b"\x1f\x8bbroken", True)
