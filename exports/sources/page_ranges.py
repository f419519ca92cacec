"""A paged source cut into ranges of pages that can be fetched apart.

That takes pages that can be asked for without the ones before: those with numbers
or offsets, of which it is known how many there are. A cursor or a link to a page is
only in the page before it.
"""

from dataclasses import dataclass, replace

from exports.request import Paging
from exports.sources.page_requests import PagedSource, Place


@dataclass(frozen=True)
class PageRange:
    """Pages from `first` up to, but not with, `end`; both count from 0."""

    first: int
    end: int


def range_fault(paging: Paging, page_limit: int | None) -> str:
    """Return what keeps a source from being cut; empty if nothing."""
    if paging.style not in {"page", "offset"}:
        return (
            f"Pages of style {paging.style!r} are fetched by one worker: where the "
            "next one is stands in the one before"
        )
    if paging.style == "offset" and page_limit is not None:
        return (
            "Pages of style 'offset' are cut by rows: give `paging.total_limit` "
            "instead of `page_limit`"
        )
    if page_limit is None and paging.total_limit is None:
        return (
            "Several workers must know how many pages there are at most: give "
            "`paging.total_limit`, or `page_limit` for pages with numbers"
        )
    return ""


def page_ranges(source: PagedSource, count: int) -> list[PageRange]:
    """Cut all pages there can be into at most `count` ranges, about equally long."""
    return cut(pages_at_most(source), count)


def cut(pages: int, count: int) -> list[PageRange]:
    count = max(1, min(count, pages))
    ends = [pages * (number + 1) // count for number in range(count)]
    return [PageRange(*pair) for pair in zip([0, *ends], ends, strict=False)]


def pages_at_most(source: PagedSource) -> int:
    rows, pages = source.paging.total_limit, source.page_limit
    full = None if rows is None else -(-rows // source.size)
    return min(one for one in (full, pages) if one is not None)


def narrowed(source: PagedSource, pages: PageRange) -> tuple[PagedSource, Place]:
    """Return the source that ends with the range, and the place where that begins.

    Of a source with a limit of rows, each page before is taken for a full one.
    """
    place = Place(page=pages.first + 1, rows=pages.first * source.size)
    limit = source.paging.total_limit
    if limit is None:
        return replace(source, page_limit=pages.end), place
    limit = min(limit, pages.end * source.size)
    paging = source.paging.model_copy(update={"total_limit": limit})
    by_rows = paging.style == "offset"
    end = None if by_rows else pages.end
    return replace(source, paging=paging, page_limit=end), place


def rows_planned(source: PagedSource, pages: PageRange) -> int | None:
    """Return the rows of a range by the source's limit of rows; None without one."""
    limit = source.paging.total_limit
    if limit is None:
        return None
    return min(limit, pages.end * source.size) - pages.first * source.size


def is_short(source: PagedSource, end: Place, pages: PageRange) -> bool:
    """Tell whether a range ended before its end: the source has no rows after it."""
    planned = rows_planned(source, pages)
    rows = end.rows - pages.first * source.size
    if source.paging.style == "offset":
        return planned is not None and rows < planned
    if end.page - 1 < pages.end or not end.last:
        return True
    is_cut = planned is not None and rows >= planned
    return source.paging.stop_on_short and end.last < source.size and not is_cut
