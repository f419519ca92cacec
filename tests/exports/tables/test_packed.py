"""Tables inside gzip files and zip archives."""

import gzip
import io
import zipfile
from typing import BinaryIO, cast

import pytest

from exports.tables import Limits, open_table
from exports.tables.errors import NotATable, TableError, TooLarge
from tests.exports.tables.reading import Pipe, read

CSV = b"a,b\n1,2\n"
ROWS = (["a", "b"], [("1", "2")])


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", ".")), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (gzip.compress(CSV, mtime=0), "data.csv.gz"),
        (gzip.compress(CSV, mtime=0), "data.csv"),
        (
            gzip.compress(CSV[:4], mtime=0) + gzip.compress(CSV[4:], mtime=0),
            "data.csv.gz",
        ),
        (zipped(data__csv=CSV), "data.zip"),
        (zipped(data__csv=CSV), "data.csv"),
        (zipped(data__csv=CSV, readme__md=b"hello"), "data.zip"),
        (zipped(data__csv=CSV, datapackage__json=b"{}"), "data.zip"),
        (zipped(data=CSV), "data.zip"),
        (gzip.compress(zipped(data__csv=CSV), mtime=0), "data.zip.gz"),
        (zipped(data__csv__gz=gzip.compress(CSV, mtime=0)), "data.zip"),
    ],
)
def test_a_packed_table_is_read(content: bytes, name: str) -> None:
    assert read(content, name) == ROWS


def test_the_name_inside_tells_the_format() -> None:
    assert read(gzip.compress(b'{"a":1}\n'), "x.ndjson.gz")[1] == [(1,)]
    assert read(zipped(x__json=b'[{"a":1}]'), "x.zip")[1] == [(1,)]


def test_a_zip_from_a_source_that_cannot_seek_is_read() -> None:
    source = cast("BinaryIO", Pipe(zipped(data__csv=CSV)))

    with open_table(source, name="data.zip") as table:
        assert table.columns == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(), "holds no table"),
        (zipped(a__csv=CSV, b__csv=CSV), "more than one table: 'a.csv', 'b.csv'"),
        (zipped(data__csv=b""), "'data.csv' is empty"),
        (zipped(data__csv=CSV)[:60], "damaged or cut off"),
        (gzip.compress(CSV, mtime=0)[:15], "damaged or cut off"),
        (gzip.compress(CSV, mtime=0)[:-8] + b"12345678", "damaged or cut off"),
        (gzip.compress(CSV, mtime=0) + b"junk", "damaged or cut off"),
        (b"\x1f\x8b", "damaged or cut off"),
        (b"PK\x03\x04nonsense", "damaged or cut off"),
    ],
)
def test_a_bad_archive_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(NotATable, match=message):
        read(content, "data.zip")


def test_a_wrong_checksum_is_noticed() -> None:
    content = bytearray(zipped(data__csv=CSV))
    content[14] ^= 0xFF
    content[content.index(b"PK\x01\x02") + 16] ^= 0xFF

    with pytest.raises(NotATable, match="damaged or cut off"):
        read(bytes(content), "data.zip")


def test_a_member_with_a_password_is_refused() -> None:
    content = bytearray(zipped(data__csv=CSV))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(NotATable, match="password"):
        read(bytes(content), "data.zip")


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zipped(x__csv=text)])
def test_a_bomb_is_refused_before_it_fills_memory_or_disk(
    pack: "type[bytes]",
) -> None:
    bomb = pack(b"a\n" + b"0" * (80 << 20))

    with pytest.raises(TableError) as caught:
        read(bomb, "data.csv.gz")

    assert isinstance(caught.value, TooLarge) or "does not end" in str(caught.value)


def test_the_limit_on_unpacked_bytes_holds() -> None:
    content = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)

    with pytest.raises(TooLarge, match="more than 1,000 bytes"):
        read(content, "data.csv.gz", limits=Limits(decoded_bytes=1000))


def test_packing_many_times_over_is_refused() -> None:
    content = CSV
    for _ in range(5):
        content = gzip.compress(content)

    with pytest.raises(TooLarge, match="packed more than 3 times"):
        read(content, "data.csv.gz")
