"""One reply from the outside, read as a stream."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tasks.outbound.errors import BadStatus, OutboundError, TooBig
from tasks.outbound.framing import Body
from tasks.outbound.urls import Target

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_RETRY_AFTER_S = 3600.0
_PIECE_BYTES = 128 << 10
_EXCERPT_BYTES = 200
_TEMPORARY = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Hop:
    """A redirect that was followed; the address is without its query string."""

    url: str
    status: int


class Reply:
    def __init__(
        self,
        target: Target,
        status: int,
        headers: Mapping[str, str],
        body: Body,
        hops: tuple[Hop, ...],
    ) -> None:
        self.url = target.url
        self.status = status
        self.headers = headers
        self.hops = hops
        self._shown = target.shown
        self._body = body

    def iter_bytes(self, size: int = _PIECE_BYTES) -> Iterator[bytes]:
        """Yield the decoded body in pieces of at most `size` bytes."""
        while piece := self._body.read(size):
            yield piece

    def read(self, limit: int) -> bytes:
        """Return the whole decoded body; raise TooBig when it is over `limit` bytes."""
        whole = bytearray()
        for piece in self.iter_bytes():
            whole += piece
            if len(whole) > limit:
                raise TooBig(f"{self._shown} is larger than {limit} bytes.")
        return bytes(whole)

    def file(self) -> io.BufferedReader:
        """Return the decoded body as a file; it can be read, but not sought."""
        return io.BufferedReader(_BodyFile(self._body), _PIECE_BYTES)

    def raise_for_status(self) -> None:
        """Raise BadStatus unless the status is 2xx or 304."""
        if 200 <= self.status < 300 or self.status == 304:
            return
        temporary = self.status in _TEMPORARY or self.status >= 500
        raise BadStatus(
            f"{self._shown} answered with status {self.status}.",
            status=self.status,
            excerpt=self._excerpt(),
            temporary=temporary,
            retry_after_s=self._retry_after_s() if temporary else None,
        )

    def _excerpt(self) -> str:
        try:
            start = self.file().read(_EXCERPT_BYTES)
        except OutboundError:
            return ""
        text = start.decode("utf-8", "replace")
        return "".join(char if char.isprintable() else " " for char in text).strip()

    def _retry_after_s(self) -> float | None:
        """Read both forms of RFC 9110 10.2.3; nonsense counts as not said."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text), MAX_RETRY_AFTER_S)
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        wait_s = (aware - datetime.now(UTC)).total_seconds()
        return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


class _BodyFile(io.RawIOBase):
    def __init__(self, body: Body) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        piece = self._body.read(len(view))
        view[: len(piece)] = piece
        return len(piece)
