"""A large file reaches a bucket in parts, and is seen whole or not at all."""

import hashlib
import random
import threading

import pytest

from tasks.archive.s3 import upload
from tests.support.started import started_since
from tests.support.stores import S3Server

PART = 8 << 20
PIECE = random.Random(1).randbytes(1 << 20)
PIECES = 21


def test_a_large_file_is_kept_whole_and_its_draft_is_gone(s3: S3Server) -> None:
    kept, earlier = s3.bucket(), threading.enumerate()

    with kept.store.writer(fence="job-1") as writer:
        for _ in range(PIECES):
            writer.write(PIECE)
        assert [path.rpartition("/")[0] for path in kept.uploads()] == ["tmp/job-1"]
        assert kept.files() == []
        stored = writer.commit()

    digest = hashlib.sha256(PIECE * PIECES).hexdigest()
    assert (stored.digest, stored.size) == (digest, PIECES << 20)
    assert kept.files() == [f"{digest[:2]}/{digest[2:4]}/{digest}"]
    assert kept.uploads() == []
    assert kept.store.check(digest)
    assert not [name for name in started_since(earlier) if name.startswith("s3")]


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART])
def test_a_file_about_as_large_as_a_part_is_kept_whole(s3: S3Server, size: int) -> None:
    kept, content = s3.bucket(), (PIECE * 17)[:size]

    with kept.store.writer(fence="job-1") as writer:
        writer.write(content)
        digest = writer.commit().digest

    assert digest == hashlib.sha256(content).hexdigest()
    with kept.store.open(digest, size=size) as file:
        assert file.read() == content
    assert len(kept.files()) == 1


def test_a_very_large_file_is_copied_in_parts(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "COPY_BYTES", 5 << 20)
    kept = s3.bucket()

    with kept.store.writer(fence="job-1") as writer:
        for _ in range(PIECES):
            writer.write(PIECE)
        digest = writer.commit().digest

    assert kept.store.check(digest)
    assert (len(kept.files()), kept.uploads()) == (1, [])


def test_parts_grow_so_that_a_bucket_never_has_too_many(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PART_BYTES", 5 << 20)
    monkeypatch.setattr(upload, "PARTS_OF_A_SIZE", 1)
    kept = s3.bucket()

    with kept.store.writer(fence="job-1") as writer:
        for _ in range(PIECES):
            writer.write(PIECE)
        digest = writer.commit().digest

    assert kept.store.check(digest)


def test_a_large_file_that_is_dropped_leaves_nothing(s3: S3Server) -> None:
    kept, earlier = s3.bucket(), threading.enumerate()

    with kept.store.writer(fence="job-1") as writer:
        for _ in range(PIECES):
            writer.write(PIECE)

    assert (kept.files(), kept.uploads()) == ([], [])
    assert not [name for name in started_since(earlier) if name.startswith("s3")]


def test_a_sweep_aborts_what_dead_writers_sent_in_parts(s3: S3Server) -> None:
    kept = s3.bucket()
    key = kept.bucket.place.key
    for path in ("tmp/dead/x", "tmp/live/x", "somebody/elses"):
        s3.client.create_multipart_upload(Bucket=kept.name, Key=key(path))

    assert kept.store.sweep_tmp(keep={"live"}) == 1
    assert sorted(kept.uploads()) == ["somebody/elses", "tmp/live/x"]


def test_a_bucket_without_a_prefix_is_listed_and_swept_too(s3: S3Server) -> None:
    kept = s3.bucket(prefix="")
    with kept.store.writer(fence="job-1") as writer:
        writer.write(b"abc")
        digest = writer.commit().digest
    kept.put("tmp/dead/x", b"half")

    assert kept.store.sweep_tmp() == 1
    assert list(kept.store.digests()) == [digest]
    assert kept.files() == [f"ba/78/{digest}"]


def test_more_files_than_one_page_are_listed_in_order(s3: S3Server) -> None:
    kept = s3.bucket()
    digests = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(1_010)]
    kept.have([upload.place_of(digest) for digest in digests])

    assert list(kept.store.digests()) == sorted(digests)
