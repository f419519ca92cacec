"""A page's reply, read: its rows with the types they have, and what names the next."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from exports.sources.page_faults import page_failed
from exports.sources.page_json import JsonText, NotThere
from exports.sources.page_links import is_downgrade, next_link, resolved
from exports.sources.page_requests import PagedSource, PageRequest, encoded
from exports.tables import TableError, open_table
from exports.tables.encodings import as_utf8
from exports.tables.errors import NotATable
from exports.tables.faults import damage_named, refusals_named
from exports.tables.formats import find_format
from exports.tables.json_frames import json_frame
from exports.tables.read_json import BETWEEN, FLAT, Elements
from exports.tables.read_ndjson import parsed
from exports.tables.sniff import HEAD_BYTES, refuse_foreign
from exports.tables.stream import Stream
from tasks.errors import WorkFailed
from tasks.outbound import BadUrl

NAME = "the reply"
LINES = {"csv", "ndjson", "tsv"}


@dataclass(frozen=True)
class Answer:
    request: PageRequest
    url: str  # that answered, after redirects
    status: int
    media_type: str
    body: bytes
    link: str = ""  # the Link header
    validators: dict[str, str] = field(default_factory=dict)


class PageReader:
    """Read one page. Everything raises WorkFailed with the page's number."""

    def __init__(self, source: PagedSource, answer: Answer) -> None:
        self.source = source
        self.answer = answer
        self.format = format_of(source, answer.media_type)

    def token(self) -> str:
        """Return the cursor or URL of the page after this one; empty for none."""
        style, path = self.source.paging.style, self.source.paging.cursor_path
        if style not in {"cursor", "link"}:
            return ""
        with self._faults_named():
            if style == "cursor":
                return self._cursor(path)
            named = self._text_of(path) if path else next_link(self.answer.link)
            return self._following(named) if named else ""

    def frames(self) -> list[pl.DataFrame]:
        """Return the rows; what is null in all of a frame's rows has no type."""
        if self.answer.status == 204 or self._is_blank:
            return []
        with self._faults_named(), damage_named(), refusals_named():
            refuse_foreign(self.answer.body[:HEAD_BYTES], NAME)
            if self.format == "json":
                return list(self._elements())
            if self.format == "ndjson":
                return list(parsed(self._utf8()))
            return list(self._table())

    @cached_property
    def _text(self) -> JsonText:
        return JsonText(self._utf8().readall().decode())

    @property
    def _is_blank(self) -> bool:
        return self.format in LINES and not self.answer.body.strip()

    def _utf8(self) -> Stream:
        return as_utf8(Stream(io.BytesIO(self.answer.body)), declared="")[0]

    def _elements(self) -> Iterator[pl.DataFrame]:
        path = self.source.paging.items_path
        text = self._items(path) if path else self._utf8()
        start = text.peek(HEAD_BYTES).lstrip()[:1]
        if not path and start == b"{":
            raise NotATable(
                "It is one JSON object, not an array of them: "
                "name the place of its rows as items_path."
            )
        if start != b"[":
            place = (
                f"There is no array at {path!r}." if path else "It is no JSON array."
            )
            raise NotATable(place if self.answer.body else "It is empty.")
        whole = text.readall()
        frame = _all_at_once(whole)
        if frame is None:
            return Elements(Stream(io.BytesIO(whole))).frames()
        return iter([frame])

    def _items(self, path: str) -> Stream:
        try:
            items = self._text.text_at(path)
        except NotThere:
            raise NotATable(f"There is nothing at {path!r}.") from None
        return Stream(io.BytesIO(b"[]" if items == "null" else items.encode()))

    def _table(self) -> Iterator[pl.DataFrame]:
        body = io.BytesIO(self.answer.body)
        with open_table(body, name=f"{NAME}.{self.format}") as table:
            yield from table

    def _cursor(self, path: str) -> str:
        return encoded(self._text_of(path))

    def _text_of(self, path: str) -> str:
        """Return the text or number at a path; empty when there is none."""
        value = self._text.value_at(path)
        if value is None or value is False:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise NotATable(f"What is at {path!r} is neither text nor a number.")
        return str(value)

    def _following(self, reference: str) -> str:
        try:
            url = resolved(self.answer.url, reference)
        except BadUrl:
            raise NotATable("It links to something that is not a URL.") from None
        if is_downgrade(self.answer.url, url):
            raise NotATable("It links from https to http.")
        return url

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except TableError as error:
            raise self._failed(str(error)) from error
        except RecursionError as error:
            raise self._failed("The JSON is nested too deeply.") from error
        except UnicodeError as error:
            raise self._failed("It holds half a character.") from error
        except ValueError as error:
            raise self._failed(f"It is not valid JSON: {error}.") from error

    def _failed(self, reason: str) -> WorkFailed:
        answer = self.answer
        kind = answer.media_type or "no media type"
        return page_failed(
            self.source,
            answer.request.number,
            answer.url,
            f"status {answer.status}, {kind}: {reason}",
            code="bad_page",
            body=answer.body,
        )


def _all_at_once(array: bytes) -> pl.DataFrame | None:
    """Parse an array of plain objects as lines, which takes half the time.

    None when a `},{` is not between two elements: what is cut elsewhere is no JSON.
    """
    array = array.strip()
    if not (array.startswith(b"[") and array.endswith(b"]")):
        return None
    lines = BETWEEN.sub(b"}\n{", array[1:-1].translate(FLAT))
    if not lines.strip():
        return None
    try:
        return json_frame(lines, 1, unit="element")
    except TableError:
        return None


def format_of(source: PagedSource, media_type: str) -> str:
    """Return the format that was declared, else what the reply says, else JSON."""
    claimed = find_format("", media_type)
    by_type = claimed.name if claimed and claimed.read else "json"
    return source.source_format or by_type
