"""What only a folder does as a store."""

import hashlib
import os
import shutil
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from tasks.archive.store import LocalStore, StoreFull, open_store
from tests.support.stores import KeptInFolder

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def files(store: LocalStore) -> list[str]:
    return KeptInFolder(store.root).files()


def put(store: LocalStore, content: bytes) -> str:
    with store.writer(fence="job-1") as writer:
        writer.write(content)
        return writer.commit().digest


def test_a_file_lies_where_its_digest_says_and_its_draft_is_gone(
    store: LocalStore,
) -> None:
    put(store, b"abc")

    assert store.path(ABC) == store.root / "ba" / "78" / ABC
    assert list((store.root / "tmp").iterdir()) == []


def test_many_writers_of_one_content_all_succeed(store: LocalStore) -> None:
    content, start = os.urandom(300_000), threading.Barrier(8)
    digests: list[str] = []

    def write() -> None:
        start.wait()
        digests.extend(put(store, content) for _ in range(10))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(digests) == 80
    assert set(digests) == {hashlib.sha256(content).hexdigest()}
    assert len(files(store)) == 1
    assert store.check(digests[0])


def test_an_open_file_outlives_its_replacement(store: LocalStore) -> None:
    put(store, b"abc")
    with store.open(ABC) as file:
        put(store, b"abc")
        store.delete(ABC)
        assert file.read() == b"abc"


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
