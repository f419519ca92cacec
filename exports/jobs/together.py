"""What the parts of an export have fetched, as if one job had."""

from collections.abc import Iterator, Sequence
from typing import Any

from exports import parts
from exports.jobs.work import Work
from exports.models import ExportPart
from exports.plan import Kind, paged_source
from exports.sources.fetched import Fetched, drift_remarks
from exports.sources.page_ranges import PageRange, rows_planned
from exports.sources.page_requests import Place
from exports.sources.walk import MOST_SAME
from exports.tables.drift import SchemaMerge
from exports.tables.packed import unpacked_seen
from tasks.errors import WorkFailed

SUMS = ("pages", "requests", "bytes")


def together(
    work: Work, fetching: Sequence[ExportPart]
) -> tuple[Fetched, list[ExportPart]]:
    """Return the rows of all parts, and those parts that have any to be read.

    Raises WorkFailed when the pages were not what they were taken for.
    """
    live = list(live_parts(work, fetching))
    check_repeats(live)
    outcomes = [part.outcome for part in live]
    merge = SchemaMerge()
    for outcome in outcomes:
        for seen in outcome["seen"]:
            merge.see(unpacked_seen(seen))
    fetched = Fetched(
        pages=sum(outcome["pages"] for outcome in outcomes),
        rows=sum(outcome["rows"] for outcome in outcomes),
        size_bytes=sum(outcome["size_bytes"] for outcome in outcomes),
        merge=merge,
        remarks=drift_remarks(merge),
        receipts=receipts_of(work, outcomes),
        place=Place(**outcomes[-1]["place"]),
        segments=tuple(one for part in live for one in parts.segments_of(part)),
        lease=work.run.lease,
    )
    return fetched, live


def live_parts(work: Work, fetching: Sequence[ExportPart]) -> Iterator[ExportPart]:
    """Give the parts up to the one in which the source ended."""
    if work.origin.kind is not Kind.PAGES:
        yield from fetching
        return
    source = paged_source(work.configuration, work.origin.where)
    for part in fetching:
        yield part
        if part.outcome["short"]:
            return
        planned = rows_planned(source, PageRange(**part.spec))
        if planned is not None and part.outcome["rows"] != planned:
            raise WorkFailed("uneven_pages", uneven(part, planned, source.size))


def uneven(part: ExportPart, planned: int, size: int) -> str:
    first, end = part.spec["first"] + 1, part.spec["end"]
    return (
        f"Pages {first} to {end} hold {part.outcome['rows']} rows and not {planned}: "
        f"the source does not give {size} rows a page, so nobody can tell beforehand "
        "which pages hold the rows up to total_limit. Give `page_limit` instead of it, "
        "the source's own page size as `paging.size`, or no `workers`."
    )


def check_repeats(live: Sequence[ExportPart]) -> None:
    """Refuse pages that are all the same, as one who fetches them in turn does."""
    same, digest = 0, ""
    for part in live:
        place, pages = Place(**part.outcome["place"]), part.outcome["pages"]
        goes_on = place.same == pages and place.digest == digest
        same = place.same + (same if goes_on else 0)
        digest = place.digest
        if same >= MOST_SAME:
            message = (
                f"The last {same} pages up to page {place.page - 1} are the same, so "
                "the source does not heed which page it is asked for. If it has no "
                'pages, set paging to "none".'
            )
            raise WorkFailed("repeated_page", message)


def receipts_of(work: Work, outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [one for made in outcomes for one in made["receipts"]]
    if work.origin.kind is not Kind.PAGES:
        return told
    sums = {name: sum(one[name] for one in told) for name in SUMS}
    return [{**told[0], **sums, "parts": len(outcomes)}]
