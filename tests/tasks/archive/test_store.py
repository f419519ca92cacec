import hashlib
import io
import os
import shutil
import threading
import zipfile
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
from pyarrow import parquet

from tasks.archive.store import LocalStore, Missing, StoreFull, open_store

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NONE = "0" * 64


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def put(store: LocalStore, content: bytes, fence: str = "job-1") -> str:
    with store.writer(fence=fence) as writer:
        writer.write(content)
        return writer.commit().digest


def files(store: LocalStore) -> list[str]:
    return sorted(
        str(path.relative_to(store.root))
        for path in store.root.rglob("*")
        if path.is_file()
    )


def test_a_file_is_kept_under_its_digest_and_nothing_else_is_left(
    store: LocalStore,
) -> None:
    with store.writer(fence="job-1") as writer:
        writer.write(b"a")
        writer.write(b"bc")
        stored = writer.commit()

    assert (stored.digest, stored.size) == (ABC, 3)
    assert files(store) == [f"ba/78/{ABC}"]
    assert list((store.root / "tmp").iterdir()) == []
    with store.open(ABC, size=3) as file:
        assert file.read() == b"abc"
        assert file.seek(1) == 1
    assert store.path(ABC) == store.root / "ba" / "78" / ABC
    assert store.size(ABC) == 3
    assert store.exists(ABC)
    assert store.check(ABC)


def test_an_empty_file_is_a_file(store: LocalStore) -> None:
    assert put(store, b"") == EMPTY
    assert store.size(EMPTY) == 0


@pytest.mark.parametrize("size", [1, 128 * 1024, 128 * 1024 + 1, 3_000_000])
def test_blocks_of_every_size_are_hashed_as_they_are_written(
    store: LocalStore, size: int
) -> None:
    blocks = [os.urandom(size), b"x", os.urandom(size)]
    with store.writer(fence="job-1") as writer:
        writer.writelines(blocks)
        assert writer.tell() == 2 * size + 1
        stored = writer.commit()

    assert stored.digest == hashlib.sha256(b"".join(blocks)).hexdigest()
    assert store.check(stored.digest)


def test_a_writer_left_without_a_commit_leaves_nothing(store: LocalStore) -> None:
    with store.writer(fence="job-1") as writer:
        writer.write(b"abc")

    assert files(store) == []
    assert not store.exists(ABC)


def test_a_writer_left_by_an_error_leaves_nothing(store: LocalStore) -> None:
    def fail() -> None:
        with store.writer(fence="job-1") as writer:
            writer.write(b"x" * 1_000_000)
            raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        fail()

    assert files(store) == []


def test_a_writer_that_is_forgotten_leaves_nothing(store: LocalStore) -> None:
    store.writer(fence="job-1").write(b"abc")

    assert files(store) == []


def test_after_a_commit_nothing_more_can_be_written(store: LocalStore) -> None:
    with store.writer(fence="job-1") as writer:
        writer.write(b"abc")
        writer.commit()
        with pytest.raises(ValueError, match="closed"):
            writer.write(b"d")
        with pytest.raises(ValueError, match="closed"):
            writer.commit()

    assert store.check(ABC)


def test_the_same_content_twice_is_one_file(store: LocalStore) -> None:
    assert put(store, b"abc", "job-1") == put(store, b"abc", "job-2") == ABC
    assert files(store) == [f"ba/78/{ABC}"]


@pytest.mark.parametrize("damage", [b"ab", b"abx", b""])
def test_a_damaged_file_is_healed_by_the_next_commit(
    store: LocalStore, damage: bytes
) -> None:
    put(store, b"abc")
    store._place(ABC).write_bytes(damage)
    assert not store.check(ABC)

    put(store, b"abc")

    assert store.check(ABC)


def test_an_open_file_outlives_its_replacement(store: LocalStore) -> None:
    put(store, b"abc")
    with store.open(ABC) as file:
        put(store, b"abc")
        store.delete(ABC)
        assert file.read() == b"abc"


def test_many_writers_of_one_content_all_succeed(store: LocalStore) -> None:
    content, start = os.urandom(300_000), threading.Barrier(8)
    digests: list[str] = []

    def write() -> None:
        start.wait()
        digests.extend(put(store, content, fence="same") for _ in range(10))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(digests) == 80
    assert set(digests) == {hashlib.sha256(content).hexdigest()}
    assert len(files(store)) == 1
    assert store.check(digests[0])


def test_a_file_that_is_gone_or_cut_short_is_missing(store: LocalStore) -> None:
    with pytest.raises(Missing, match="not in the store"):
        store.open(NONE)
    with pytest.raises(Missing, match="not in the store"):
        store.size(NONE)
    with pytest.raises(Missing, match="not in the store"):
        store.check(NONE)
    assert store.path(NONE) is None

    put(store, b"abc")
    store._place(ABC).write_bytes(b"a")
    with pytest.raises(Missing, match="has 1 of 3 bytes"):
        store.open(ABC, size=3)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, f"{NONE}\n"])
def test_what_is_no_digest_never_becomes_a_path(store: LocalStore, digest: str) -> None:
    with pytest.raises(ValueError, match="not a sha256"):
        store.open(digest)
    with pytest.raises(ValueError, match="not a sha256"):
        store.delete(digest)


@pytest.mark.parametrize("fence", ["", "..", "a/b", ".x", "a\0", "é", "x" * 101])
def test_a_fence_that_cannot_name_a_folder_is_refused(
    store: LocalStore, fence: str
) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        store.writer(fence=fence)


def test_a_deleted_file_is_gone_and_deleting_again_says_so(store: LocalStore) -> None:
    put(store, b"abc")

    assert store.delete(ABC)
    assert not store.delete(ABC)
    assert files(store) == []


def test_digests_are_listed_in_order_without_anything_else(store: LocalStore) -> None:
    assert list(store.digests()) == []
    digests = [put(store, b"%d" % n) for n in range(50)]
    (store._place(digests[0]).parent / "README").write_text("not ours")

    assert list(store.digests()) == sorted(digests)


def test_digests_can_leave_out_what_was_committed_just_now(store: LocalStore) -> None:
    put(store, b"abc")
    put(store, b"")
    os.utime(store._place(EMPTY), (0, 0))

    assert list(store.digests(older_than_s=3600)) == [EMPTY]

    put(store, b"")
    assert list(store.digests(older_than_s=3600)) == []


def test_a_sweep_removes_the_old_files_of_dead_fences(store: LocalStore) -> None:
    for fence in ("live", "dead", "young"):
        folder = store.root / "tmp" / fence
        folder.mkdir(parents=True)
        (folder / "part").write_bytes(b"half")
        if fence != "young":
            os.utime(folder / "part", (0, 0))
            os.utime(folder, (0, 0))

    assert store.sweep_tmp(keep={"live"}, older_than_s=3600) == 1
    assert files(store) == ["tmp/live/part", "tmp/young/part"]
    assert store.sweep_tmp() == 2
    assert store.sweep_tmp() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_has_its_own_error_and_leaves_nothing(store: LocalStore) -> None:
    with store.writer(fence="job-1") as writer:
        with Path("/dev/full").open("wb", buffering=0) as full:
            os.dup2(full.fileno(), writer._upload._file)  # type: ignore[attr-defined]
        with pytest.raises(StoreFull, match="no room left"):
            writer.write(b"x" * 1_000_000)
        with pytest.raises(ValueError, match="closed"):
            writer.commit()

    assert files(store) == []


def test_a_full_disk_found_while_committing_leaves_nothing(store: LocalStore) -> None:
    with store.writer(fence="job-1") as writer:
        writer.write(b"abc")
        with Path("/dev/full").open("wb", buffering=0) as full:
            os.dup2(full.fileno(), writer._upload._file)  # type: ignore[attr-defined]
        with pytest.raises(StoreFull, match="no room left"):
            writer.commit()

    assert files(store) == []


def test_a_ping_writes_and_leaves_nothing(store: LocalStore) -> None:
    store.ping()

    assert files(store) == []
    assert store.free_bytes() > 0


def test_a_ping_fails_when_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where a folder should be")

    with pytest.raises(OSError, match="store"):
        LocalStore(tmp_path / "store").ping()


def test_polars_arrow_and_zipfile_write_through_the_hash(store: LocalStore) -> None:
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


def test_a_url_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my store"
    monkeypatch.chdir(tmp_path)

    for url in (str(folder), f"file://{quote(str(folder))}", "my store"):
        open_store(url).ping()
        assert folder.is_dir()
        shutil.rmtree(folder)
    open_store("").ping()
    assert (tmp_path / "var" / "store").is_dir()


@pytest.mark.parametrize("url", ["gs://bucket", "file://host/x", "http://x"])
def test_another_kind_of_url_names_the_setting(url: str) -> None:
    with pytest.raises(ValueError, match="STORE_URL"):
        open_store(url)


def test_s3_says_that_it_is_still_to_come() -> None:
    with pytest.raises(NotImplementedError, match="STORE_URL: s3:// is not built yet"):
        open_store("s3://bucket/prefix")
