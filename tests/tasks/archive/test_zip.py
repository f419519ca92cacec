import io
import random
import shutil
import subprocess
import threading
import zipfile
import zlib
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import pytest

from tasks.archive.store import LocalStore
from tasks.archive.zip import Member, SizeChanged, write_zip
from tests.support.started import started_since

TABLE = "".join(
    f"{n},country {n % 97},{random.Random(n).random():.4f},2024-01-{n % 28 + 1:02d}\n"
    for n in range(20_000)
).encode()
NOISE = random.Random(1).randbytes(300_000)


def member(name: str, content: bytes, at: datetime | None = None) -> Member:
    source = partial(io.BytesIO, content)
    return Member(name=name, open=source, size=len(content), modified_at=at)


def zipped(*members: Member) -> bytes:
    out = io.BytesIO()
    for _ in write_zip(out, members):
        pass
    return out.getvalue()


def test_what_was_zipped_can_be_read_back() -> None:
    content = zipped(
        member("data/gdp.csv", TABLE),
        member("été 数.json", b"{}"),
        member("empty.csv", b""),
        member("photo.png", NOISE),
    )

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "data/gdp.csv",
            "été 数.json",
            "empty.csv",
            "photo.png",
        ]
        assert archive.read("data/gdp.csv") == TABLE
        assert archive.read("photo.png") == NOISE


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    target = tmp_path / "all.zip"
    target.write_bytes(zipped(member("a/é.csv", TABLE), member("photo.png", NOISE)))

    done = subprocess.run(["unzip", "-t", target], capture_output=True, check=False)

    assert done.returncode == 0
    assert b"No errors detected" in done.stdout


def test_what_is_deflated_on_threads_can_be_read_back_from_any_place() -> None:
    long = TABLE * 5
    content = zipped(
        member("a.csv", long), member("b.csv", b"x"), member("c.csv", long)
    )

    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert archive.read("c.csv") == archive.read("a.csv") == long
    assert zlib.crc32(long) == archive.getinfo("c.csv").CRC


def test_the_bytes_do_not_tell_how_a_file_was_read() -> None:
    class Trickling(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(7_001)

    trickled = Member(
        name="a.csv", open=lambda: Trickling(TABLE), size=len(TABLE), modified_at=None
    )

    assert zipped(trickled) == zipped(member("a.csv", TABLE))


def test_no_member_gives_an_empty_zip() -> None:
    assert zipfile.ZipFile(io.BytesIO(zipped())).namelist() == []


def test_text_is_nearly_as_small_as_with_zlib_at_level_6() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr("gdp.csv", TABLE)

    assert len(zipped(member("gdp.csv", TABLE))) <= 1.1 * len(out.getvalue())


def test_compressed_content_is_stored_as_it_is() -> None:
    content = zipped(member("photo.png", NOISE), member("a.csv", TABLE))

    photo, table = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert photo.compress_type == zipfile.ZIP_STORED
    assert zlib.crc32(NOISE) == photo.CRC
    assert table.compress_type == zipfile.ZIP_DEFLATED


def test_the_same_members_give_the_same_bytes() -> None:
    members = member("a.csv", TABLE), member("b.png", NOISE)

    assert zipped(*members) == zipped(*members)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (None, (1980, 1, 1, 0, 0, 0)),
        (datetime(2026, 5, 4, 3, 2, 10, tzinfo=UTC), (2026, 5, 4, 3, 2, 10)),
        (datetime(1970, 1, 1, tzinfo=UTC), (1980, 1, 1, 0, 0, 0)),
        (datetime(2300, 1, 1, tzinfo=UTC), (2107, 12, 31, 0, 0, 0)),
    ],
)
def test_a_member_tells_its_time_within_what_a_zip_can(
    at: datetime | None, told: tuple[int, ...]
) -> None:
    content = zipped(member("a.csv", b"x", at))

    assert zipfile.ZipFile(io.BytesIO(content)).infolist()[0].date_time == told


def test_seventy_thousand_members_make_a_zip_64() -> None:
    content = zipped(*(member(f"{n}.txt", b"%d" % n) for n in range(70_000)))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 70_000
        assert archive.read("0.txt") == b"0"
        assert archive.read("69999.txt") == b"69999"


@pytest.mark.parametrize("name", ["a.csv", "a.png"])
def test_a_member_past_four_gigabytes_has_64_bit_records(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.archive.zip.MAX_BYTES_32", 400_000)

    content = zipped(member("b.png", NOISE), member(name, NOISE))

    first, second = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert first.extract_version == 20
    assert second.extract_version == 45
    assert zipfile.ZipFile(io.BytesIO(content)).read(name) == NOISE


def test_progress_is_told_often_and_ends_at_the_size() -> None:
    out = io.BytesIO()

    told = list(write_zip(out, [member(f"{n}.png", NOISE) for n in range(20)]))

    assert told == sorted(told)
    assert told[-1] == len(out.getvalue())
    assert all(b - a <= 256 * 1024 for a, b in pairwise(told))


def test_stopping_in_the_middle_closes_the_file_that_is_read() -> None:
    opened: list[BinaryIO] = []

    def source() -> BinaryIO:
        opened.append(io.BytesIO(NOISE * 4))
        return opened[-1]

    writing = write_zip(
        io.BytesIO(), [Member(name="a.csv", open=source, size=len(NOISE) * 4)]
    )
    next(writing)  # its header
    next(writing)
    del writing

    assert [file.closed for file in opened] == [True]


def test_stopping_in_the_middle_leaves_no_thread_behind() -> None:
    earlier = threading.enumerate()
    writing = write_zip(io.BytesIO(), [member("a.csv", NOISE * 20)])
    next(writing)
    next(writing)
    assert started_since(earlier)

    writing.close()

    assert not started_since(earlier)


@pytest.mark.parametrize("name", ["a.csv", "a.png"])
@pytest.mark.parametrize("size", [2, 4])
def test_a_file_of_another_size_than_announced_is_an_error(
    name: str, size: int
) -> None:
    changed = Member(name=name, open=partial(io.BytesIO, b"abc"), size=size)

    with pytest.raises(SizeChanged, match=f"not {size} bytes long"):
        zipped(changed)


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a//b", "a/./b", "", "a\\b", "a/", "C:/a", "a\0b"]
)
def test_a_name_that_leaves_its_folder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name in a ZIP"):
        zipped(member(name, b"x"))


def test_stored_files_become_a_stored_zip(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with store.writer(fence="1") as writer:
        writer.write(TABLE)
        table = writer.commit()

    source = partial(store.open, table.digest, size=table.size)
    with store.writer(fence="1") as writer:
        for _ in write_zip(
            writer, [Member(name="a.csv", open=source, size=table.size)]
        ):
            pass
        packed = writer.commit()

    with store.open(packed.digest) as file:
        assert zipfile.ZipFile(file).read("a.csv") == TABLE
