"""The bucket: its client, made once in each process, and its errors in our words."""

import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tasks.archive.store import Missing
from tasks.archive.upload import StoreDown, StoreError, StoreFull

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# All tries of one request end before the step that waits for it loses its lease.
CONNECT_WITHIN_S = 3.0
READ_WITHIN_S = 8.0
MOST_TRIES = 3
PATIENT_READ_WITHIN_S = 24.0  # in one try
CONNECTIONS = 64  # threads of a web process, and read-ahead
FULL = {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
GONE = {"404", "NoSuchKey"}


@dataclass(frozen=True)
class Place:
    """Where a bucket is; credentials come from boto3's usual places."""

    bucket: str
    prefix: str = ""  # without slashes at its ends
    endpoint_url: str = ""
    public_url: str = ""  # the endpoint as clients reach it
    region: str = ""

    def key(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path

    def path(self, key: str) -> str:
        return key.removeprefix(f"{self.prefix}/") if self.prefix else key


class Bucket:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.name = place.bucket
        self._clients: dict[tuple[str, bool], S3Client] = {}
        self._pid = 0

    @property
    def client(self) -> "S3Client":
        return self._client(self.place.endpoint_url)

    @property
    def patient(self) -> "S3Client":
        """For what the bucket may work on for long, and is not to be asked twice."""
        return self._client(self.place.endpoint_url, patient=True)

    def link(self, key: str, *, headers: Mapping[str, str], expires_s: int) -> str:
        """Sign an address of a file, which is answered with these headers."""
        asked = {f"Response{k.replace('-', '')}": v for k, v in headers.items()}
        client = self._client(self.place.public_url or self.place.endpoint_url)
        with in_our_words():
            return client.generate_presigned_url(
                "get_object",
                Params={"Bucket": self.name, "Key": key, **asked},
                ExpiresIn=expires_s,
            )

    def size(self, path: str) -> int:
        """Return the bytes of what is at a path; raise Missing, if there is nothing."""
        with in_our_words():
            key = self.place.key(path)
            return self.client.head_object(Bucket=self.name, Key=key)["ContentLength"]

    def put(self, path: str, content: bytes) -> None:
        with in_our_words():
            self.client.put_object(
                Bucket=self.name,
                Key=self.place.key(path),
                Body=content,
                ContentMD5=md5_of(content),
            )

    def remove(self, path: str) -> None:
        with in_our_words():
            self.client.delete_object(Bucket=self.name, Key=self.place.key(path))

    def abort(self, key: str, upload: str) -> None:
        """Drop the parts of an upload, whether or not they are still there."""
        try:
            with in_our_words():
                self.client.abort_multipart_upload(
                    Bucket=self.name, Key=key, UploadId=upload
                )
        except StoreError as error:
            if not is_code(error, "NoSuchUpload"):
                raise

    def _client(self, endpoint_url: str, *, patient: bool = False) -> "S3Client":
        if self._pid != os.getpid():
            # A connection must not be shared by two processes.
            self._clients, self._pid = {}, os.getpid()
        asked = (endpoint_url, patient)
        if asked not in self._clients:
            self._clients[asked] = _connect(self.place, endpoint_url, patient=patient)
        return self._clients[asked]


def _connect(place: Place, endpoint_url: str, *, patient: bool) -> "S3Client":
    tries = 1 if patient else MOST_TRIES
    config = Config(
        connect_timeout=CONNECT_WITHIN_S,
        read_timeout=PATIENT_READ_WITHIN_S if patient else READ_WITHIN_S,
        retries={"mode": "standard", "total_max_attempts": tries},
        max_pool_connections=CONNECTIONS,
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint_url else "auto"},
        # Not every store knows these; each part comes with its MD5, which all check.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    # The default session is not to be used by several threads.
    session = boto3.session.Session()
    return session.client(
        "s3",
        endpoint_url=endpoint_url or None,
        region_name=place.region or session.region_name or "us-east-1",
        config=config,
    )


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise Missing, StoreFull or StoreDown for what boto3 raises."""
    try:
        yield
    except ClientError as error:
        raise _told(error) from error
    except BotoCoreError as error:
        kind = type(error).__name__
        raise StoreDown(f"The store does not answer ({kind}).") from error


def md5_of(content: bytes) -> str:
    """Return what the bucket compares the bytes with that reach it."""
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def is_code(error: StoreError, code: str) -> bool:
    """Tell whether the store gave this code as the reason."""
    cause = error.__cause__
    return isinstance(cause, ClientError) and cause.response["Error"]["Code"] == code


def _told(error: ClientError) -> StoreError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in GONE:
        return Missing("It is not in the store.")
    if code in FULL or status == 507:
        return StoreFull("The store has no room left.")
    return StoreDown(f"The store refuses {error.operation_name} ({code or status}).")
