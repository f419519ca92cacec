"""A bucket's server that is down, slow or at fault costs time, and never a file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.archive.s3 import bucket as buckets
from tasks.archive.store import StoreDown, StoreFull, open_store
from tasks.engine.retry import judge
from tests.support.faulty_s3 import FaultyS3, hangs_up, refusal, stalls
from tests.support.stores import KeptInBucket, S3Server
from tests.support.web import free_port

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
ROOT = Path(__file__).resolve().parents[3]
LARGE = b"x" * (20 << 20)


@pytest.fixture(autouse=True)
def _soon_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_WITHIN_S", "READ_WITHIN_S", "PATIENT_READ_WITHIN_S"):
        monkeypatch.setattr(buckets, name, 1.5)


def put(kept: KeptInBucket, content: bytes) -> str:
    with kept.store.writer(fence="job-1") as writer:
        writer.write(content)
        return writer.commit().digest


def test_a_store_that_is_down_is_a_temporary_fault(s3: S3Server) -> None:
    kept = s3.bucket(through=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(StoreDown, match=r"does not answer \(EndpointConnectionError\)"):
        kept.store.ping()
    with pytest.raises(StoreDown) as caught:
        put(kept, b"abc")

    verdict = judge(caught.value)
    assert (verdict.code, verdict.temporary) == ("store_down", True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("fault", [stalls, hangs_up, refusal("SlowDown")])
def test_a_store_at_fault_for_a_moment_is_asked_again(
    s3: S3Server, fault: object
) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        for method in ("PUT ", "HEAD ", "GET "):
            server.fail(fault, when=method)  # type: ignore[arg-type] # of the table

        assert put(kept, b"abc") == ABC
        with kept.store.open(ABC, size=3) as file:
            assert file.read() == b"abc"
        assert not server.faults


@pytest.mark.parametrize("fault", [stalls, hangs_up, refusal("InternalError")])
def test_a_store_at_fault_for_long_leaves_nothing_visible(
    s3: S3Server, fault: object
) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        server.fail(fault, when="partNumber=2", times=3)  # type: ignore[arg-type]

        with pytest.raises(StoreDown):
            put(kept, LARGE)

        assert (kept.files(), kept.uploads()) == ([], [])


def test_a_full_store_is_said_to_be_full(s3: S3Server) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        server.fail(refusal("QuotaExceeded", "403 Forbidden"), when="PUT ")

        with pytest.raises(StoreFull, match="no room left"):
            put(kept, b"abc")

        assert kept.files() == []


def test_a_refused_key_is_told_without_it(s3: S3Server) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        server.fail(refusal("InvalidAccessKeyId", "403 Forbidden"), when="PUT ")

        with pytest.raises(StoreDown) as caught:
            put(kept, b"abc")

    assert str(caught.value) == "The store refuses PutObject (InvalidAccessKeyId)."


def test_an_answer_that_is_lost_makes_no_second_file(s3: S3Server) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        server.lose_answer(when="partNumber=2")

        digest = put(kept, LARGE)

        assert kept.store.check(digest)
        assert (len(kept.files()), kept.uploads()) == (1, [])


def test_an_end_whose_answer_is_lost_was_the_end(s3: S3Server) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        server.lose_end()

        digest = put(kept, LARGE)

        assert not server.faults
        assert kept.store.check(digest)
        assert (len(kept.files()), kept.uploads()) == (1, [])


def test_a_copy_that_fails_leaves_nothing(s3: S3Server) -> None:
    with FaultyS3(s3.url) as server:
        kept = s3.bucket(through=server.origin)
        server.fail_copies(refusal("InternalError"))

        with pytest.raises(StoreDown, match="CopyObject"):
            put(kept, LARGE)

        assert (kept.files(), kept.uploads()) == ([], [])


WRITE = """
import sys
from tasks.archive.store import open_store
writer = open_store(sys.argv[1], endpoint_url=sys.argv[2]).writer(fence="dead")
while True:
    writer.write(b"x" * 10_000_000)
    print("written", flush=True)
"""

# Dies when all has been sent, and before the bucket is asked to copy it.
COMMIT = """
import os, signal, sys
from tasks.archive.s3 import upload
from tasks.archive.store import open_store
writer = open_store(sys.argv[1], endpoint_url=sys.argv[2]).writer(fence="dead")
writer.write(b"x" * 20_000_000)
print("written", flush=True)
upload._copy = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
writer.commit()
"""


@pytest.mark.parametrize("program", [WRITE, COMMIT])
def test_a_killed_writer_leaves_only_what_a_sweep_removes(
    program: str, s3: S3Server
) -> None:
    kept = s3.bucket()
    with subprocess.Popen(
        [sys.executable, "-c", program, kept.url, s3.url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"written\n"
        if program is WRITE:
            os.kill(writer.pid, signal.SIGKILL)
        writer.stdout.read()

    assert writer.returncode == -signal.SIGKILL
    assert list(kept.store.digests()) == []
    assert kept.store.sweep_tmp(keep={"dead"}) == 0
    assert kept.store.sweep_tmp() == 1
    assert (kept.files(), kept.uploads()) == ([], [])


def test_a_child_speaks_to_the_store_by_connections_of_its_own(s3: S3Server) -> None:
    kept = s3.bucket()
    put(kept, b"abc")
    before = kept.bucket.client

    kept.bucket._pid = 1  # as it is seen by a child
    assert kept.bucket.client is not before
    assert kept.store.exists(ABC)


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///x", "s3://user:word@bucket/x", "s3://bucket:1/x", "s3://B"]
)
def test_what_names_no_bucket_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="STORE_URL must be s3://bucket") as caught:
        open_store(url)

    assert "word" not in str(caught.value)
