"""Stores for tests: a folder, and a bucket of a real server of S3 on loopback."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from tasks.archive import stored
from tasks.archive.s3.bucket import Bucket, Place
from tasks.archive.s3.store import BucketStore
from tasks.archive.s3.upload import place_of
from tasks.archive.store import LocalStore, Store
from tests.support.web import free_port

PREFIX = "some/where"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "a-planted-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_numbers = count(1)


def lose_store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the store is a bucket whose server does not answer."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    settings.STORE_URL = "s3://lost"
    settings.S3_ENDPOINT_URL = f"http://127.0.0.1:{free_port()}"
    stored.store.cache_clear()


class Kept(Protocol):
    """A store, and what a test does behind its back."""

    @property
    def store(self) -> Store: ...

    def files(self) -> list[str]:
        """Return the paths of all there is, drafts included."""

    def damage(self, digest: str, content: bytes) -> None: ...

    def put(self, path: str, content: bytes) -> None:
        """Put a file that is none of the store's."""

    def age(self, path: str) -> None:
        """Make a file as old as can be."""


class KeptInFolder:
    def __init__(self, root: Path) -> None:
        self.store = LocalStore(root)

    def files(self) -> list[str]:
        root = self.store.root
        found = [path for path in root.rglob("*") if path.is_file()]
        return sorted(str(path.relative_to(root)) for path in found)

    def damage(self, digest: str, content: bytes) -> None:
        self.put(place_of(digest), content)

    def put(self, path: str, content: bytes) -> None:
        place = self.store.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def age(self, path: str) -> None:
        os.utime(self.store.root / path, (0, 0))
        os.utime((self.store.root / path).parent, (0, 0))


class KeptInBucket:
    def __init__(self, name: str, *, prefix: str, url: str) -> None:
        self.name = name
        self.bucket = Bucket(Place(name, prefix, url))
        self.store = BucketStore(self.bucket)
        self.url = f"s3://{name}/{prefix}"

    def files(self) -> list[str]:
        return sorted(self.bucket.place.path(key) for key in self._inside.keys)

    def uploads(self) -> list[str]:
        """Return the paths of what is being sent in parts."""
        bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.name]
        return [
            self.bucket.place.path(one.key_name) for one in bucket.multiparts.values()
        ]

    def damage(self, digest: str, content: bytes) -> None:
        self.put(place_of(digest), content)

    def put(self, path: str, content: bytes) -> None:
        self.bucket.put(path, content)

    def have(self, paths: list[str]) -> None:
        """Have many files at once, without a request for each."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for path in paths:
            backend.put_object(self.name, self.bucket.place.key(path), b"x")

    def age(self, path: str) -> None:
        key = self._inside.keys[self.bucket.place.key(path)]
        key.last_modified = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)

    @property
    def _inside(self) -> Any:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.name]


class S3Server:
    """A server of S3 on loopback, with as many buckets as tests ask for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def bucket(self, *, prefix: str = PREFIX, through: str = "") -> KeptInBucket:
        """Make a bucket, whose store may reach the server `through` another address."""
        name = f"tests-{os.getpid()}-{next(_numbers)}"
        self.client.create_bucket(Bucket=name)
        return KeptInBucket(name, prefix=prefix, url=through or self.url)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line per request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    before = {name: os.environ.get(name) for name in CREDENTIALS}
    os.environ.update(CREDENTIALS)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
