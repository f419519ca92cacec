"""Steps that read a share of a source on a worker of a cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from exports.cluster.plan import Blocks, Unwanted
from exports.sources.crew import Crew, page_policy
from exports.sources.files import FileSource
from exports.sources.page_links import shown
from exports.sources.page_ranges import PageRange, is_short, narrowed
from exports.sources.page_requests import PagedSource, Place
from exports.sources.walk import Page, Walk
from exports.tables.drift import SchemaMerge
from exports.tables.packed import packed_frame, packed_seen
from tasks.errors import Stopped
from tasks.outbound import Policy

Outcome = dict[str, Any]


@dataclass(frozen=True)
class Files:
    """Files of one table, and how they are asked for."""

    urls: Sequence[str]
    policy: Policy
    headers: Mapping[str, str] = field(repr=False)  # secret
    declared: str | None


class Reading:
    """What was read so far: blocks in memory, and what is known of them."""

    def __init__(self) -> None:
        self.blocks: Blocks = []
        self.rows: list[int] = []  # of each block
        self.merge = SchemaMerge()

    def add(self, number: int, frame: pl.DataFrame) -> None:
        self.merge.add(number, frame)
        self.blocks.append(packed_frame(frame))
        self.rows.append(frame.height)

    def ended(self, place: Place, **told: Any) -> tuple[Blocks, Outcome]:
        outcome = {
            "rows": sum(self.rows),
            "blocks": list(
                zip(self.rows, [len(block) for block in self.blocks], strict=True)
            ),
            "seen": [packed_seen(one) for one in self.merge.told],
            "place": vars(place),
            **told,
        }
        return self.blocks, outcome


def read_files(
    files: Files, share: PageRange, unwanted: Unwanted
) -> tuple[Blocks, Outcome]:
    reading, receipts, size, first_row = Reading(), [], 0, 1
    for number in range(share.first, share.end):
        source = FileSource(
            files.urls[number],
            policy=files.policy,
            headers=files.headers,
            declared=files.declared,
        )
        for frame in source.frames():
            give_up(unwanted)
            reading.add(number + 1, frame)
        receipts.append(source.receipt())
        size += source.taken
        first_row = source.first_row
    pages = share.end - share.first
    place = Place(page=share.end + 1)
    return reading.ended(
        place, pages=pages, size_bytes=size, receipts=receipts, first_row=first_row
    )


def read_pages(
    source: PagedSource, policy: Policy, share: PageRange, unwanted: Unwanted
) -> tuple[Blocks, Outcome]:
    mine, start = narrowed(source, share)
    crew = Crew(mine, page_policy(mine, policy))
    walk = Walk(mine, crew, reserve=unlimited, place=start)
    reading, pages = Reading(), []
    try:
        for page in walk.pages():
            give_up(unwanted)
            if page is not None:
                pages.append(page)
                for frame in page.frames:
                    reading.add(page.number, frame)
    finally:
        crew.close()
    return reading.ended(
        walk.place,
        pages=len(pages),
        size_bytes=sum(page.size_bytes for page in pages),
        receipts=[receipt_of(mine, pages, walk.requests)],
        short=is_short(source, walk.place, share),
    )


def receipt_of(source: PagedSource, pages: list[Page], requests: int) -> Outcome:
    return {
        "url": shown(source.url),
        "validators": pages[0].validators,
        "fetched_at": datetime.now(UTC).isoformat(),
        "paging": source.paging.style,
        "pages": len(pages),
        "requests": requests,
        "bytes": sum(page.size_bytes for page in pages),
    }


def unlimited(host: str, *, per_second: float, after_s: float = 0.0) -> float:
    """Wait for nobody: a rate is kept by the service's own workers alone."""
    return after_s


def give_up(unwanted: Unwanted) -> None:
    if unwanted():
        raise Stopped("Nobody waits for this any more.")


def blocks_between(read: tuple[Blocks, Outcome], first: int, end: int) -> Blocks:
    return read[0][first:end]


def joined(pieces: list[Blocks]) -> Blocks:
    return [block for piece in pieces for block in piece]


def outcome_of(read: tuple[Blocks, Outcome]) -> Outcome:
    return read[1]
