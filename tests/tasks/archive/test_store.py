"""What every store does: a folder, and a bucket."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest
from pyarrow import parquet

from tasks.archive.s3.upload import place_of
from tasks.archive.store import Missing, Store
from tests.support.stores import Kept, KeptInFolder, S3Server

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NONE = "0" * 64


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, s3: S3Server) -> Kept:
    if request.param == "folder":
        return KeptInFolder(tmp_path / "store")
    return s3.bucket()


@pytest.fixture
def store(kept: Kept) -> Store:
    return kept.store


def put(store: Store, content: bytes, fence: str = "job-1") -> str:
    with store.writer(fence=fence) as writer:
        writer.write(content)
        return writer.commit().digest


def test_a_file_is_kept_under_its_digest_and_nothing_else_is_left(
    kept: Kept,
    store: Store,
) -> None:
    with store.writer(fence="job-1") as writer:
        writer.write(b"a")
        writer.write(b"bc")
        stored = writer.commit()

    assert (stored.digest, stored.size) == (ABC, 3)
    assert kept.files() == [f"ba/78/{ABC}"]
    with store.open(ABC, size=3) as file:
        assert file.read() == b"abc"
        assert file.seek(1) == 1
    assert store.size(ABC) == 3
    assert store.exists(ABC)
    assert store.check(ABC)


def test_an_empty_file_is_a_file(store: Store) -> None:
    assert put(store, b"") == EMPTY
    assert store.size(EMPTY) == 0


@pytest.mark.parametrize("size", [1, 128 * 1024, 128 * 1024 + 1, 3_000_000])
def test_blocks_of_every_size_are_hashed_as_they_are_written(
    store: Store, size: int
) -> None:
    blocks = [os.urandom(size), b"x", os.urandom(size)]
    with store.writer(fence="job-1") as writer:
        writer.writelines(blocks)
        assert writer.tell() == 2 * size + 1
        stored = writer.commit()

    assert stored.digest == hashlib.sha256(b"".join(blocks)).hexdigest()
    assert store.check(stored.digest)


def test_a_writer_left_without_a_commit_leaves_nothing(
    kept: Kept, store: Store
) -> None:
    with store.writer(fence="job-1") as writer:
        writer.write(b"abc")

    assert kept.files() == []
    assert not store.exists(ABC)


def test_a_writer_left_by_an_error_leaves_nothing(kept: Kept, store: Store) -> None:
    def fail() -> None:
        with store.writer(fence="job-1") as writer:
            writer.write(b"x" * 1_000_000)
            raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        fail()

    assert kept.files() == []


def test_a_writer_that_is_forgotten_leaves_nothing(kept: Kept, store: Store) -> None:
    store.writer(fence="job-1").write(b"abc")

    assert kept.files() == []


def test_after_a_commit_nothing_more_can_be_written(store: Store) -> None:
    with store.writer(fence="job-1") as writer:
        writer.write(b"abc")
        writer.commit()
        with pytest.raises(ValueError, match="closed"):
            writer.write(b"d")
        with pytest.raises(ValueError, match="closed"):
            writer.commit()

    assert store.check(ABC)


def test_the_same_content_twice_is_one_file(kept: Kept, store: Store) -> None:
    assert put(store, b"abc", "job-1") == put(store, b"abc", "job-2") == ABC
    assert kept.files() == [f"ba/78/{ABC}"]


@pytest.mark.parametrize("damage", [b"ab", b"abx", b""])
def test_a_damaged_file_is_healed_by_the_next_commit(
    kept: Kept, store: Store, damage: bytes
) -> None:
    put(store, b"abc")
    kept.damage(ABC, damage)
    assert not store.check(ABC)

    put(store, b"abc")

    assert store.check(ABC)


def test_a_file_that_is_gone_or_cut_short_is_missing(kept: Kept, store: Store) -> None:
    with pytest.raises(Missing, match="not in the store"):
        store.open(NONE)
    with pytest.raises(Missing, match="not in the store"):
        store.size(NONE)
    with pytest.raises(Missing, match="not in the store"):
        store.check(NONE)
    assert store.path(NONE) is None

    put(store, b"abc")
    kept.damage(ABC, b"a")
    with pytest.raises(Missing, match="has 1 of 3 bytes"):
        store.open(ABC, size=3)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, f"{NONE}\n"])
def test_what_is_no_digest_never_becomes_a_path(store: Store, digest: str) -> None:
    with pytest.raises(ValueError, match="not a sha256"):
        store.open(digest)
    with pytest.raises(ValueError, match="not a sha256"):
        store.delete(digest)


@pytest.mark.parametrize("fence", ["", "..", "a/b", ".x", "a\0", "é", "x" * 101])
def test_a_fence_that_cannot_name_a_folder_is_refused(store: Store, fence: str) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        store.writer(fence=fence)


def test_a_deleted_file_is_gone_and_deleting_again_says_so(
    kept: Kept, store: Store
) -> None:
    put(store, b"abc")

    assert store.delete(ABC)
    assert not store.delete(ABC)
    assert kept.files() == []


def test_digests_are_listed_in_order_without_anything_else(
    kept: Kept, store: Store
) -> None:
    assert list(store.digests()) == []
    digests = [put(store, b"%d" % n) for n in range(50)]
    kept.put(f"{digests[0][:2]}/{digests[0][2:4]}/README", b"not ours")

    assert list(store.digests()) == sorted(digests)


def test_digests_can_leave_out_what_was_committed_just_now(
    kept: Kept, store: Store
) -> None:
    put(store, b"abc")
    put(store, b"")
    kept.age(place_of(EMPTY))

    assert list(store.digests(older_than_s=3600)) == [EMPTY]

    put(store, b"")
    assert list(store.digests(older_than_s=3600)) == []


def test_a_sweep_removes_the_old_files_of_dead_fences(kept: Kept, store: Store) -> None:
    for fence in ("live", "dead", "young"):
        kept.put(f"tmp/{fence}/part", b"half")
        if fence != "young":
            kept.age(f"tmp/{fence}/part")

    assert store.sweep_tmp(keep={"live"}, older_than_s=3600) == 1
    assert kept.files() == ["tmp/live/part", "tmp/young/part"]
    assert store.sweep_tmp() == 2
    assert store.sweep_tmp() == 0


def test_polars_arrow_and_zipfile_write_through_the_hash(store: Store) -> None:
    frame = pl.DataFrame({"id": range(10_000), "name": ["x"] * 10_000})
    digests = []
    with store.writer(fence="1") as writer:
        frame.write_csv(writer)
        digests.append(writer.commit().digest)
    with store.writer(fence="1") as writer:
        frame.write_parquet(writer)
        digests.append(writer.commit().digest)
    with store.writer(fence="1") as writer:
        parquet.write_table(frame.to_arrow(), writer)
        digests.append(writer.commit().digest)
    with store.writer(fence="1") as writer:
        with zipfile.ZipFile(writer, "w") as archive:
            archive.writestr("a.txt", "abc")
        digests.append(writer.commit().digest)
    with store.writer(fence="1") as writer:
        text = io.TextIOWrapper(writer, encoding="utf-8", newline="")
        text.write("abc")
        text.flush()
        digests.append(writer.commit().digest)

    assert all(store.check(digest) for digest in digests)
    assert digests[-1] == ABC
    with store.open(digests[0]) as file:
        assert pl.read_csv(file).equals(frame)
