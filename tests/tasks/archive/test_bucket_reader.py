"""A file in a bucket is read like any other, by ranges."""

import hashlib
import io
import random
import threading
import zipfile

import pytest

from tasks.archive.s3.reader import FIRST_BYTES, MOST_BYTES
from tests.support.faulty_s3 import FaultyS3
from tests.support.started import started_since
from tests.support.stores import KeptInBucket, S3Server

CONTENT = random.Random(2).randbytes(20 * FIRST_BYTES + 7)
LARGE = CONTENT * 8


def put(kept: KeptInBucket, content: bytes) -> str:
    with kept.store.writer(fence="job-1") as writer:
        writer.write(content)
        return writer.commit().digest


def test_it_is_read_from_end_to_end_in_few_requests(s3: S3Server) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        digest, earlier = put(kept, LARGE), threading.enumerate()
        before = len(server.requests)

        with kept.store.open(digest, size=len(LARGE)) as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest

        ranges = [one.headers.get("range") for one in server.requests[before:]]
    assert ranges[:2] == [None, f"bytes=0-{FIRST_BYTES - 1}"]
    assert len(ranges) <= 8 + len(LARGE) // MOST_BYTES
    assert not [name for name in started_since(earlier) if name.startswith("s3")]


def test_it_is_read_at_any_place_as_a_file_is(s3: S3Server) -> None:
    kept = s3.bucket()
    digest, plain, dice = put(kept, CONTENT), io.BytesIO(CONTENT), random.Random(3)

    with kept.store.open(digest) as file:
        for _ in range(60):
            place = dice.randint(0, len(CONTENT) + 10)
            length = dice.choice([1, 100, FIRST_BYTES, 3 * FIRST_BYTES])
            assert file.seek(place) == plain.seek(place)
            assert file.read(length) == plain.read(length)
            assert file.tell() == plain.tell()
        assert file.seek(-5, io.SEEK_END) == plain.seek(-5, io.SEEK_END)
        assert file.read() == plain.read()
        with pytest.raises(ValueError, match=r"negative|no byte"):
            file.seek(-1)


def test_who_reads_an_archives_end_does_not_fetch_all_of_it(s3: S3Server) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("large.bin", LARGE)
        archive.writestr("small.txt", "abc")
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        digest = put(kept, packed.getvalue())
        before = len(server.requests)

        with kept.store.open(digest) as file, zipfile.ZipFile(file) as archive:
            assert archive.read("small.txt") == b"abc"

        assert len(server.requests) - before <= 8


def test_a_body_that_breaks_off_is_asked_for_again(s3: S3Server) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        digest = put(kept, CONTENT)
        server.cut_body(when="GET ")

        with kept.store.open(digest) as file:
            assert file.read() == CONTENT
        assert not server.faults
