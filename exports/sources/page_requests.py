"""What to ask a paged source for next, from how it pages and how far one is."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus, unquote_plus, urlsplit

from exports.request import Paging

MOST_AT_ONCE = 3


@dataclass(frozen=True, kw_only=True)
class PagedSource:
    url: str
    paging: Paging
    size: int  # rows of a page, as they are asked for
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # secret
    source_format: str = ""  # empty: by the reply's media type, else JSON
    rate_limit: int | None = None  # requests per second, to its host in all
    page_limit: int | None = None
    concurrency: int = MOST_AT_ONCE
    timeout_s: float = 30.0  # without a byte of the reply

    @property
    def guesses(self) -> bool:
        """Tell whether later requests are known before the next reply is."""
        return self.paging.style in {"page", "offset"}


@dataclass(frozen=True)
class Place:
    """How far one is, as JSON; the bytes in it are percent-encoded."""

    page: int = 1  # the number of the next page, counted from 1 in every style
    rows: int = 0  # of all pages before
    token: str = ""  # the next page's cursor or URL; empty for the first page
    digest: str = ""  # of the last page
    same: int = 0  # pages in a row that had this digest
    empty: int = 0  # pages in a row without a row
    last: int = 0  # rows of the last page
    fullest: int = 0  # rows of the fullest page
    ended: bool = False


@dataclass(frozen=True)
class PageRequest:
    number: int
    url: str


@dataclass(frozen=True)
class PageSeen:
    """What a page says about what comes next."""

    rows: int
    digest: str
    token: str = ""  # of the page after it; empty when there is none


def paging_fault(source: PagedSource) -> str:
    """Return what makes a source impossible to page through; empty if nothing."""
    paging = source.paging
    needed = {
        "page": paging.page_param,
        "offset": paging.offset_param,
        "cursor": paging.cursor_param and paging.cursor_path,
        "link": "none",
    }
    if needed[paging.style]:
        return ""
    names = {"cursor": "cursor_param and cursor_path"}
    wanted = names.get(paging.style, f"{paging.style}_param")
    return f"Paging of style {paging.style!r} needs {wanted}."


def request_for(source: PagedSource, place: Place) -> PageRequest:
    """Return the one request for the next page."""
    return _request(source, place.page, place.rows, place.token)


def requests_ahead(source: PagedSource, place: Place) -> list[PageRequest]:
    """Guess the requests after the next one: some at once while pages are full.

    The first page comes alone, and so does one after a page with fewer rows than
    another had, since that is likely to have been the last.
    """
    if not source.guesses or not place.last or place.last < place.fullest:
        return []
    ahead: list[PageRequest] = []
    for step in range(1, source.concurrency):
        rows = place.rows + step * place.last
        if _is_enough(source, place.page + step - 1, rows):
            break
        ahead.append(_request(source, place.page + step, rows, ""))
    return ahead


def next_place(source: PagedSource, place: Place, seen: PageSeen) -> Place:
    """Return where to go on after a page."""
    same = place.same + 1 if seen.digest == place.digest else 1
    after = replace(
        place,
        page=place.page + 1,
        rows=place.rows + seen.rows,
        token=seen.token,
        digest=seen.digest,
        same=same if seen.rows else 0,
        empty=0 if seen.rows else place.empty + 1,
        last=seen.rows,
        fullest=max(place.fullest, seen.rows),
    )
    return replace(after, ended=_is_last(source, place, after))


def may_follow(source: PagedSource, place: Place) -> bool:
    """Tell whether a full next page would not be the last by any limit."""
    return not _is_enough(source, place.page, place.rows + source.size)


def rows_left(source: PagedSource, place: Place) -> int | None:
    limit = source.paging.total_limit
    return None if limit is None else max(0, limit - place.rows)


def _is_last(source: PagedSource, before: Place, after: Place) -> bool:
    if _is_enough(source, before.page, after.rows):
        return True
    if source.paging.stop_on_short and after.last < source.size:
        return True
    if source.guesses:
        return not after.last
    # A filter may leave a page empty though others follow it.
    return not after.token


def _is_enough(source: PagedSource, pages: int, rows: int) -> bool:
    if source.page_limit is not None and pages >= source.page_limit:
        return True
    limit = source.paging.total_limit
    return limit is not None and rows >= limit


def _request(source: PagedSource, number: int, rows: int, token: str) -> PageRequest:
    paging = source.paging
    pairs: dict[str, str] = {}
    if paging.style == "link" and token:
        return PageRequest(number, token)  # The link names everything it needs.
    if paging.style == "page":
        pairs[paging.page_param] = str(paging.first_page + number - 1)
    elif paging.style == "offset":
        pairs[paging.offset_param] = str(rows)
    elif paging.style == "cursor" and token:
        pairs[paging.cursor_param] = token
    if paging.size_param:
        pairs[paging.size_param] = str(source.size)
    return PageRequest(number, with_query(source.url, pairs))


def with_query(url: str, pairs: Mapping[str, str]) -> str:
    """Add encoded parameters to a URL's query; all others stay as they are."""
    parts = urlsplit(url)
    kept = [
        pair
        for pair in parts.query.split("&")
        if pair and unquote_plus(pair.partition("=")[0]) not in pairs
    ]
    added = [f"{quote_plus(name)}={value}" for name, value in pairs.items()]
    return parts._replace(query="&".join(kept + added), fragment="").geturl()


def encoded(text: str) -> str:
    """Percent-encode a cursor. Raises UnicodeEncodeError for half a character."""
    return quote(text, safe="")


def encoded_reference(text: str) -> str:
    """Percent-encode what cannot stand in a URL and leave the rest."""
    return quote(text.strip(), safe=string.punctuation)
