"""One file of the web, read once from front to back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

from exports.sources.incoming import Incoming, as_file
from exports.tables import Table, open_table
from exports.tables.types import Frames
from tasks import outbound
from tasks.outbound.urls import parse

VALIDATORS = ("ETag", "Last-Modified")
WRAPPERS = {".gz", ".zip"}


class FileSource:
    """A file, fetched as it is read; another thread may look at it and end it."""

    def __init__(
        self,
        url: str,
        *,
        policy: outbound.Policy,
        headers: Mapping[str, str],
        declared: str | None = None,
    ) -> None:
        self.url = url
        self.shown = parse(url).shown
        self.name = file_name(url, declared)
        self.total: int | None = None  # bytes, if they are announced
        self.table: Table | None = None  # once it is open
        self._policy = policy
        self._headers = headers
        self._stopped = Event()
        self._end: Callable[[], None] = _nothing
        self._body: Incoming | None = None
        self._receipt: dict[str, Any] = {"url": self.shown}

    @property
    def first_row(self) -> int:
        return self.table.first_row if self.table else 2

    @property
    def taken(self) -> int:
        return self._body.taken if self._body else 0

    def stop(self) -> None:
        """Have the reading fail at once."""
        self._stopped.set()
        self._end()

    def frames(self) -> Frames:
        with self.opened() as table:
            yield from table.frames

    @contextmanager
    def opened(self) -> Iterator[Table]:
        """Fetch the file and open its table. Raises OutboundError and TableError."""
        with (
            asked(
                self.url,
                policy=self._policy,
                headers=self._headers,
                on_open=self._began,
            ) as reply,
            ExitStack() as resources,
        ):
            self._body = Incoming(reply.file().read1, self._stopped)
            self._note(reply)
            with open_table(
                as_file(self._body, self._stopped, resources),
                name=self.name,
                media_type=reply.headers.get("Content-Type", ""),
            ) as table:
                self.table = table
                yield table

    def receipt(self) -> dict[str, Any]:
        """Tell what was read: address without its query, validators, size, digest."""
        digest = self._body.digest if self._body else None
        whole = {"sha256": digest, "bytes": self.taken} if digest else {}
        return self._receipt | whole

    def _began(self, end: Callable[[], None]) -> None:
        self._end = end
        if self._stopped.is_set():
            end()

    def _note(self, reply: outbound.Reply) -> None:
        headers = reply.headers
        self._receipt |= {
            "validators": {n: headers[n] for n in VALIDATORS if n in headers},
            "media_type": headers.get("Content-Type", ""),
            "fetched_at": datetime.now(UTC).isoformat(),
        }
        length = headers.get("Content-Length", "")
        plain = headers.get("Content-Encoding", "identity") == "identity"
        if plain and length.isascii() and length.isdigit():
            self.total = int(length)


@contextmanager
def asked(
    url: str,
    *,
    policy: outbound.Policy,
    headers: Mapping[str, str],
    on_open: Callable[[Callable[[], None]], None] | None = None,
) -> Iterator[outbound.Reply]:
    """Ask for a file and give the reply, which has data."""
    sent = {"Accept": "*/*", **headers}
    with outbound.stream(
        "GET", url, policy=policy, headers=sent, on_open=on_open
    ) as reply:
        reply.raise_for_status()
        yield reply


def file_name(url: str, declared: str | None) -> str:
    """Name the file so that a format that is declared counts above its extension."""
    path = PurePosixPath(unquote(urlsplit(url).path))
    if declared and path.suffix.lower() not in WRAPPERS:
        return f"{path.stem or 'source'}.{declared}"
    return path.name or "source"


def _nothing() -> None:
    """Do nothing: there is no exchange to end yet."""
