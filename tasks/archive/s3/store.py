"""A bucket as a store: files in `ab/cd/<digest>`, unfinished ones in `tmp/<fence>`."""

import hashlib
import io
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tasks.archive.s3.bucket import Bucket, Place, in_our_words
from tasks.archive.s3.reader import BucketFile
from tasks.archive.s3.upload import BucketUpload, place_of
from tasks.archive.store import DIGEST, Missing, checked_digest, checked_fence
from tasks.archive.upload import StoreWriter

UNBOUNDED_BYTES = 1 << 60
READ_BYTES = 128 << 10


class BucketStore:
    is_local = False

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def writer(self, *, fence: str) -> StoreWriter:
        return StoreWriter(BucketUpload(self.bucket, fence=checked_fence(fence)))

    def open(self, digest: str, *, size: int | None = None) -> io.BufferedReader:
        found = self.size(digest)
        if size is not None and found != size:
            raise Missing(f"{digest} has {found} of {size} bytes.")
        file = BucketFile(self.bucket, _place(digest), found)
        return io.BufferedReader(file, READ_BYTES)

    def path(self, digest: str) -> Path | None:
        checked_digest(digest)
        return None

    def link(
        self, digest: str, *, headers: Mapping[str, str], expires_s: int
    ) -> str | None:
        key = self.bucket.place.key(_place(digest))
        return self.bucket.link(key, headers=headers, expires_s=expires_s)

    def size(self, digest: str) -> int:
        try:
            return self.bucket.size(_place(digest))
        except Missing as error:
            raise Missing(f"{digest} is not in the store.") from error

    def exists(self, digest: str) -> bool:
        try:
            self.size(digest)
        except Missing:
            return False
        return True

    def check(self, digest: str) -> bool:
        with self.open(digest) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest

    def delete(self, digest: str) -> bool:
        # A bucket does not say whether there was anything to remove.
        found = self.exists(digest)
        if found:
            self.bucket.remove(_place(digest))
        return found

    def digests(self, *, older_than_s: float = 0) -> Iterator[str]:
        before = time.time() - older_than_s
        for path, changed_s in self._files(""):
            digest = path.rpartition("/")[2]
            ours = DIGEST.fullmatch(digest) and path == place_of(digest)
            if ours and changed_s <= before:
                yield digest

    def sweep_tmp(self, *, keep: Collection[str] = (), older_than_s: float = 0) -> int:
        before, removed = time.time() - older_than_s, 0
        for path, changed_s in self._files("tmp/"):
            if changed_s <= before and path.split("/")[1] not in keep:
                self.bucket.remove(path)
                removed += 1
        return removed + self._abort_uploads(keep, before)

    def free_bytes(self) -> int:
        return UNBOUNDED_BYTES

    def ping(self) -> None:
        path = f"tmp/ping/{uuid.uuid4().hex}"
        self.bucket.put(path, b"ping")
        self.bucket.remove(path)

    def _files(self, path: str) -> Iterator[tuple[str, float]]:
        """Give what is below a path in order, each with when it was written."""
        pages = self.bucket.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket.name, Prefix=self.bucket.place.key(path)
        )
        with in_our_words():
            for page in pages:
                for one in page.get("Contents", []):
                    changed_s = one["LastModified"].timestamp()
                    yield self.bucket.place.path(one["Key"]), changed_s

    def _abort_uploads(self, keep: Collection[str], before: float) -> int:
        """Abort what dead writers sent in parts, and copies they did not end."""
        pages = self.bucket.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket.name, Prefix=self.bucket.place.key("")
        )
        aborted = 0
        with in_our_words():
            for page in pages:
                for one in page.get("Uploads", []):
                    old = one["Initiated"].timestamp() <= before
                    if old and _may_abort(self.bucket.place.path(one["Key"]), keep):
                        self.bucket.abort(one["Key"], one["UploadId"])
                        aborted += 1
        return aborted


def _may_abort(path: str, keep: Collection[str]) -> bool:
    """Tell whether a path is one of ours, and not of a fence to keep."""
    if path.startswith("tmp/"):
        return path.split("/")[1] not in keep
    digest = path.rpartition("/")[2]
    return path == place_of(digest)


def _place(digest: str) -> str:
    return place_of(checked_digest(digest))


def open_s3(
    url: str, *, endpoint_url: str, public_url: str, region: str
) -> BucketStore:
    """Read `s3://bucket/prefix`.

    Raises:
        ValueError: it names no bucket, or holds what belongs elsewhere.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.netloc != parts.hostname or parts.query:
        raise ValueError("STORE_URL must be s3://bucket or s3://bucket/prefix.")
    place = Place(
        bucket=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint_url=endpoint_url,
        public_url=public_url,
        region=region,
    )
    return BucketStore(Bucket(place))
