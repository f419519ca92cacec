"""A file that a bucket takes in parts, a few of them at once."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from tasks.archive.s3.bucket import Bucket, in_our_words
from tasks.archive.upload import StoreError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# Sends one part, given the upload's id and the part's number; returns its ETag.
Send = Callable[[str, int], str]


class Multipart:
    """Nobody sees the file before `complete`; without it `close` drops the parts."""

    def __init__(self, bucket: Bucket, path: str, *, at_once: int) -> None:
        self._bucket = bucket
        self._path = path
        self._key = bucket.place.key(path)
        self._at_once = at_once
        self._running: deque[Future[CompletedPartTypeDef]] = deque()
        self._sent: list[CompletedPartTypeDef] = []
        self.completed = False
        with in_our_words():
            begun = bucket.client.create_multipart_upload(
                Bucket=bucket.name, Key=self._key
            )
        self._id = begun["UploadId"]
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="s3-part")

    @property
    def parts(self) -> int:
        return len(self._sent) + len(self._running)

    def add(self, send: Send) -> None:
        """Begin to send one more part, once one of those before has arrived."""
        if len(self._running) == self._at_once:
            self._take()
        self._running.append(self._threads.submit(self._send, send, self.parts + 1))

    def complete(self, *, size: int | None = None) -> None:
        """Make a file of the parts; `size` in bytes, if nothing was there before.

        Raises:
            StoreError: it could not be made.
        """
        while self._running:
            self._take()
        try:
            with in_our_words():
                self._bucket.patient.complete_multipart_upload(
                    Bucket=self._bucket.name,
                    Key=self._key,
                    UploadId=self._id,
                    MultipartUpload={"Parts": self._sent},
                )
        except StoreError:
            # The answer may be all that was lost.
            if size is None or self._bucket.size(self._path) != size:
                raise
        self.completed = True

    def close(self) -> None:
        for future in self._running:
            future.cancel()
        self._threads.shutdown()
        if not self.completed:
            with suppress(StoreError):  # then a sweep finds it
                self._bucket.abort(self._key, self._id)

    def _take(self) -> None:
        self._sent.append(self._running.popleft().result())

    def _send(self, send: Send, number: int) -> "CompletedPartTypeDef":
        with in_our_words():
            return {"ETag": send(self._id, number), "PartNumber": number}
