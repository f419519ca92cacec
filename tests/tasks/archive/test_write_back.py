"""A large file reaches the disk while it is written, and no thread outlives it."""

import hashlib
import os
import random
import threading
from pathlib import Path

import pytest

from tasks.archive.store import LocalStore
from tasks.archive.upload import WRITE_BACK_BYTES, WriteBack
from tests.support.started import started_since

PIECE = random.Random(1).randbytes(1 << 20)
PIECES = 3 * WRITE_BACK_BYTES // len(PIECE) + 1


def test_a_large_file_is_kept_whole(tmp_path: Path) -> None:
    store, earlier = LocalStore(tmp_path), threading.enumerate()
    with store.writer(fence="1") as writer:
        for _ in range(PIECES):
            writer.write(PIECE)
        stored = writer.commit()

    assert stored.digest == hashlib.sha256(PIECE * PIECES).hexdigest()
    assert store.check(stored.digest)
    assert not started_since(earlier)


def test_a_large_file_that_is_dropped_leaves_no_thread(tmp_path: Path) -> None:
    store, earlier = LocalStore(tmp_path), threading.enumerate()
    with store.writer(fence="1") as writer:
        for _ in range(PIECES):
            writer.write(PIECE)

    assert not started_since(earlier)
    assert not list(tmp_path.rglob("*/*/*"))


def test_what_fails_on_the_way_to_the_disk_is_raised_at_the_end() -> None:
    reader, writer = os.pipe()
    back = WriteBack(writer)
    os.close(reader)
    os.close(writer)
    back.wrote(WRITE_BACK_BYTES)

    with pytest.raises(OSError, match="Bad file descriptor"):
        back.end()
