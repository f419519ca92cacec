"""One asset on its way into the store, over as many attempts as it takes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic

from tasks import outbound
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.archive.upload import StoreWriter
from tasks.collecting.sniff import HEAD_BYTES, sniff
from tasks.engine.retry import wait_s
from tasks.outbound import BadReply, BadStatus, TooBig

MOST_TRIES = 3
# A try that brought so much more was not in vain.
PROGRESS_BYTES = 1 << 20
LONGEST_WAIT_S = 60.0
PIECE_BYTES = 256 << 10
PART = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")
# A file may change twice in one second, so only an older date tells it apart.
SETTLED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset that is to be fetched."""

    id: int
    url: str
    host: str  # with its port
    name: str


@dataclass(frozen=True, slots=True)
class Fetched:
    wanted: Wanted
    attempts: int
    stored: Stored
    media_type: str
    at: datetime  # when it was stored


@dataclass(frozen=True, slots=True)
class Missed:
    wanted: Wanted
    attempts: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all downloads of a task."""

    policy: outbound.Policy
    most_bytes: int
    fence: str


class Download:
    def __init__(self, wanted: Wanted, terms: Terms) -> None:
        self.wanted = wanted
        self.attempts = 0
        self.not_before = 0.0
        self._terms = terms
        self._in_vain = 0
        self._out: StoreWriter | None = None
        self._got = 0
        self._head = b""
        self._validator = ""

    def attempt(
        self,
        *,
        on_open: Callable[[Callable[[], None]], None],
        on_piece: Callable[[], None],
    ) -> Fetched:
        """Fetch what is still missing.

        Raises:
            OutboundError: what has come is kept; `may_retry` tells whether to go on.
            StoreError: it could not be written.
        """
        self.attempts += 1
        before = self._got
        try:
            self._fetch(on_open, on_piece)
        finally:
            moved = self._got - before >= PROGRESS_BYTES
            self._in_vain = 0 if moved else self._in_vain + 1
        assert self._out is not None  # noqa: S101 - a reply was begun
        stored = self._out.commit()
        kind = sniff(self._head, name=self.wanted.name)
        return Fetched(self.wanted, self.attempts, stored, kind, datetime.now(UTC))

    def may_retry(self, error: outbound.OutboundError) -> bool:
        """Tell whether to try again; if so, `not_before` is the monotonic time."""
        if not error.temporary or self._in_vain >= MOST_TRIES:
            return False
        asked = min(error.retry_after_s or 0.0, LONGEST_WAIT_S)
        self.not_before = monotonic() + wait_s(self._in_vain, asked)
        return True

    def close(self) -> None:
        """Drop what has come so far, unless it was all."""
        if self._out:
            self._out.close()
        self._out, self._got, self._head, self._validator = None, 0, b"", ""

    def _fetch(
        self,
        on_open: Callable[[Callable[[], None]], None],
        on_piece: Callable[[], None],
    ) -> None:
        most = self._terms.most_bytes
        policy = self._terms.policy
        with outbound.stream(
            "GET",
            self.wanted.url,
            policy=replace(policy, max_bytes=min(most, policy.max_bytes)),
            headers=self._conditions(),
            on_open=on_open,
        ) as reply:
            out = self._begin(reply)
            for piece in reply.iter_bytes(PIECE_BYTES):
                if self._got + len(piece) > most:
                    raise TooBig(f"{self._shown} is larger than {most} bytes.")
                out.write(piece)
                self._head += piece[: HEAD_BYTES - len(self._head)]
                self._got += len(piece)
                on_piece()

    def _conditions(self) -> dict[str, str]:
        """Ask for the rest of the same file, if the server could tell."""
        if not (self._got and self._validator):
            self.close()
            return {}
        return {"Range": f"bytes={self._got}-", "If-Range": self._validator}

    def _begin(self, reply: outbound.Reply) -> StoreWriter:
        """Return where the reply's body belongs: to what has come, or to a new file."""
        asked = self._out is not None
        if self._out and reply.status == 206 and self._continues(reply):
            return self._out
        if reply.status == 206 or (asked and reply.status == 416):
            self.close()
            message = f"{self._shown} answered with another part than was asked for."
            raise BadReply(message, code="bad_part", temporary=True)
        reply.raise_for_status()
        if reply.status == 304:
            message = (
                f"{self._shown} answered with status 304, as if asked for changes."
            )
            raise BadStatus(message, status=304)
        self.close()
        self._out = store().writer(fence=self._terms.fence)
        self._validator = validator_of(reply.headers)
        return self._out

    def _continues(self, reply: outbound.Reply) -> bool:
        part = PART.fullmatch(reply.headers.get("Content-Range", "").strip())
        return (
            part is not None
            and int(part[1]) == self._got
            and not is_encoded(reply.headers)
        )

    @property
    def _shown(self) -> str:
        return shown(self.wanted.url)


def shown(url: str) -> str:
    """Show a URL without its query, which may hold a secret."""
    return url.partition("#")[0].partition("?")[0]


def validator_of(headers: Mapping[str, str]) -> str:
    """Return what tells this very file from others (RFC 9110 13.1.5); else nothing."""
    if is_encoded(headers) or headers.get("Accept-Ranges", "").lower() == "none":
        return ""
    etag = headers.get("ETag", "")
    if etag:
        return etag if etag.startswith('"') else ""
    changed = headers.get("Last-Modified", "")
    try:
        age = parsedate_to_datetime(headers["Date"]) - parsedate_to_datetime(changed)
    except (KeyError, TypeError, ValueError, OverflowError):
        return ""
    return changed if age >= SETTLED else ""


def is_encoded(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Encoding", "identity").strip().lower() != "identity"
