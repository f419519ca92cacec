"""The pages that queries are answered with: what is kept of them, and their bytes."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from exports import asking
from exports.asking import Wanted
from exports.errors import ExportError
from exports.event_log import read_log
from exports.events import Key, Page, TokenKind, assemble, inflate, page_to
from exports.models import ShareQuery
from tasks.archive.store import Missing
from tasks.archive.stored import store

BLOCK_BYTES = 256 << 10


class Expired(ExportError):
    """The results were not fetched in time."""


def facts_of(page: Page) -> dict[str, Any]:
    """Return what is kept of a page besides its bytes; `_page_of` reads it."""
    keys = {"first": page.first, "last": page.last}
    told = {name: [key.at, key.seq] if key else None for name, key in keys.items()}
    sizes = {"size": page.size, "plain_size": page.plain_size}
    return {"rows": page.rows, **told, "more": page.more, **sizes}


def _page_of(facts: dict[str, Any]) -> Page:
    keys = {
        name: Key(*facts[name]) if facts[name] else None for name in ("first", "last")
    }
    return Page(**{**facts, **keys})


def tokens_of(query: ShareQuery) -> dict[TokenKind, str]:
    """Return the tokens of a query's page."""
    wanted, page = Wanted.of(query.page or {}), _page_of(query.answer or {})
    return asking.tokens_of(wanted, page, query.share)


def open_page(query: ShareQuery, *, zipped: bool) -> Iterator[bytes]:
    """Return the bytes of a query's page, as JSON or as that in gzip.

    Raises:
        Expired: they are no longer kept.
    """
    if query.job_id is None:
        return _made_now(query, zipped=zipped)
    if query.result is None:
        raise Expired
    try:
        file = store().open(query.result.digest, size=query.result.size_bytes)
    except Missing:
        raise Expired from None
    return _blocks(file) if zipped else _inflated(file)


def _made_now(query: ShareQuery, *, zipped: bool) -> Iterator[bytes]:
    log, ask = read_log(query.share.stream_id), Wanted.of(query.page or {}).ask
    if found := assemble(log, ask, store()):
        parts: Iterator[bytes] = found.parts() if zipped else found.plain()
        return parts
    # The blocks were replaced since the query came: the page is the same without.
    file = TemporaryFile()  # noqa: SIM115 - closed by who reads it to its end
    page_to(log, ask, store(), file).finish()
    file.seek(0)
    return _blocks(file) if zipped else _inflated(file)


def _inflated(file: BinaryIO) -> Iterator[bytes]:
    return inflate(_blocks(file))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK_BYTES):
            yield block
