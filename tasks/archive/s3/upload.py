"""A file on its way into a bucket, in parts and without a disk."""

import uuid
from contextlib import suppress
from functools import partial
from math import ceil

from tasks.archive.s3.bucket import Bucket, in_our_words, md5_of
from tasks.archive.s3.multipart import Multipart
from tasks.archive.upload import Stored, StoreError, Upload

# Of each file that is written, up to AT_ONCE parts and the one being filled are held.
PART_BYTES = 8 << 20
AT_ONCE = 2
# A bucket takes 10,000 parts: after so many they double, which is enough for 5 TiB.
PARTS_OF_A_SIZE = 1000
COPY_BYTES = 128 << 20
COPIES_AT_ONCE = 8


class BucketUpload(Upload):
    """A draft under `tmp/<fence>`, which the bucket copies to its digest's place.

    The place is known only when all has been sent. What fits into one part is held
    until then, and needs neither draft nor copy.
    """

    def __init__(self, bucket: Bucket, *, fence: str) -> None:
        super().__init__()
        self._bucket = bucket
        self._path = f"tmp/{fence}/{uuid.uuid4().hex}"
        self._part = bytearray()
        self._part_bytes = PART_BYTES
        self._draft: Multipart | None = None

    def _put(self, view: memoryview) -> None:
        while view:
            if len(self._part) == self._part_bytes:
                self._send()
            room = self._part_bytes - len(self._part)
            self._part += view[:room]
            view = view[room:]

    def _publish(self, stored: Stored) -> None:
        """Replace whatever has that digest: the same bytes, or a damaged file."""
        place = place_of(stored.digest)
        if self._draft is None:
            self._bucket.put(place, bytes(self._part))
            return
        self._send()
        self._draft.complete(size=stored.size)
        _copy(self._bucket, self._path, place, size=stored.size)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        self._part = bytearray()
        if self._draft is None:
            return
        self._draft.close()
        if self._draft.completed:
            with suppress(StoreError):  # then a sweep finds it
                self._bucket.remove(self._path)

    def _send(self) -> None:
        if self._draft is None:
            self._draft = Multipart(self._bucket, self._path, at_once=AT_ONCE)
        self._draft.add(
            partial(_send_part, self._bucket, self._path, bytes(self._part))
        )
        self._part = bytearray()
        self._part_bytes = PART_BYTES << (self._draft.parts // PARTS_OF_A_SIZE)


def place_of(digest: str) -> str:
    """Return a file's path, the same as in a folder: either is copied to the other."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _send_part(bucket: Bucket, path: str, part: bytes, upload: str, number: int) -> str:
    return bucket.client.upload_part(
        Bucket=bucket.name,
        Key=bucket.place.key(path),
        UploadId=upload,
        PartNumber=number,
        Body=part,
        ContentMD5=md5_of(part),
    )["ETag"]


def _copy(bucket: Bucket, path: str, place: str, *, size: int) -> None:
    """Have the bucket copy a file; it is there at once and whole, or not at all."""
    if size <= COPY_BYTES:
        with in_our_words():
            bucket.patient.copy_object(
                Bucket=bucket.name,
                Key=bucket.place.key(place),
                CopySource={"Bucket": bucket.name, "Key": bucket.place.key(path)},
            )
        return
    copy = Multipart(bucket, place, at_once=COPIES_AT_ONCE)
    try:
        for part in range(ceil(size / COPY_BYTES)):
            start = part * COPY_BYTES
            piece = f"bytes={start}-{min(start + COPY_BYTES, size) - 1}"
            copy.add(partial(_copy_part, bucket, path, place, piece))
        copy.complete()
    finally:
        copy.close()


def _copy_part(  # noqa: PLR0913, PLR0917 - what a part is copied from and to
    bucket: Bucket, path: str, place: str, piece: str, upload: str, number: int
) -> str:
    copied = bucket.patient.upload_part_copy(
        Bucket=bucket.name,
        Key=bucket.place.key(place),
        UploadId=upload,
        PartNumber=number,
        CopySource={"Bucket": bucket.name, "Key": bucket.place.key(path)},
        CopySourceRange=piece,
    )
    return copied["CopyPartResult"]["ETag"]
