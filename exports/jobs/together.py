"""What several have fetched of one source, as if one had."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exports.jobs.work import Work
from exports.plan import Kind, paged_source
from exports.sources.page_ranges import PageRange, rows_planned
from exports.sources.page_requests import Place
from exports.sources.walk import MOST_SAME
from exports.tables.drift import SchemaMerge
from exports.tables.packed import unpacked_seen
from tasks.errors import WorkFailed

SUMS = ("pages", "requests", "bytes")

# Of one share: pages, rows, size_bytes, receipts, place, seen and, of pages, short.
Outcome = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Together:
    """The sum of the shares up to the one in which the source ended."""

    outcomes: list[Outcome]
    merge: SchemaMerge
    receipts: list[dict[str, Any]]

    def sum_of(self, name: str) -> int:
        return sum(outcome[name] for outcome in self.outcomes)


def together(
    work: Work, shares: Sequence[PageRange], outcomes: Sequence[Outcome]
) -> Together:
    """Put outcomes together. Raises WorkFailed if pages were not as they were cut."""
    live = list(outcomes)
    if work.origin.kind is Kind.PAGES:
        live = list(live_pages(work, shares, outcomes))
        check_repeats(live)
    merge = SchemaMerge()
    for outcome in live:
        for seen in outcome["seen"]:
            merge.see(unpacked_seen(seen))
    return Together(live, merge, receipts_of(work, live))


def live_pages(
    work: Work, shares: Sequence[PageRange], outcomes: Sequence[Outcome]
) -> Iterator[Outcome]:
    source = paged_source(work.configuration, work.origin.where)
    for pages, outcome in zip(shares, outcomes, strict=True):
        yield outcome
        if outcome["short"]:
            return
        planned = rows_planned(source, pages)
        if planned is not None and outcome["rows"] != planned:
            why = uneven(pages, outcome["rows"], planned, source.size)
            raise WorkFailed("uneven_pages", why)


def uneven(pages: PageRange, rows: int, planned: int, size: int) -> str:
    return (
        f"Pages {pages.first + 1} to {pages.end} hold {rows} rows and not {planned}: "
        f"the source does not give {size} rows a page, so nobody can tell beforehand "
        "which pages hold the rows up to total_limit. Give `page_limit` instead of it, "
        "the source's own page size as `paging.size`, or no `workers`."
    )


def check_repeats(outcomes: Sequence[Outcome]) -> None:
    """Refuse pages that are all the same, as one who fetches them in turn does."""
    same, digest = 0, ""
    for outcome in outcomes:
        place = Place(**outcome["place"])
        goes_on = place.same == outcome["pages"] and place.digest == digest
        same = place.same + (same if goes_on else 0)
        digest = place.digest
        if same >= MOST_SAME:
            message = (
                f"The last {same} pages up to page {place.page - 1} are the same, so "
                "the source does not heed which page it is asked for. If it has no "
                'pages, set paging to "none".'
            )
            raise WorkFailed("repeated_page", message)


def receipts_of(work: Work, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [one for made in outcomes for one in made["receipts"]]
    if work.origin.kind is not Kind.PAGES:
        return told
    sums = {name: sum(one[name] for one in told) for name in SUMS}
    return [{**told[0], **sums, "parts": len(outcomes)}]
