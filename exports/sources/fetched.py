"""Rows that were fetched into the store, and what is known of them by then."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, cast

import polars as pl

from exports.sources.page_requests import Place
from exports.sources.segments import kept_pages
from exports.tables.drift import Drift, SchemaMerge
from exports.tables.spool import gathered
from exports.tables.types import Frames, Schema
from tasks.archive.store import Stored
from tasks.engine.lease import Lease
from tasks.engine.watched import WatchedFile


@dataclass(frozen=True)
class Fetched:
    """All pages of a source, or all files, kept in the store until the job ends."""

    pages: int
    rows: int
    size_bytes: int  # of the replies' bodies
    merge: SchemaMerge  # of all pages
    remarks: list[str]
    receipts: list[dict[str, Any]]  # of the source, or of each file
    place: Place  # behind the last page
    segments: tuple[Stored, ...] = field(repr=False)
    lease: Lease = field(repr=False)

    @property
    def schema(self) -> Schema:
        """The one schema that holds all pages."""
        return self.merge.schema

    @property
    def drifts(self) -> list[Drift]:
        return self.merge.drifts

    @property
    def receipt(self) -> dict[str, Any]:
        return self.receipts[0]

    def sources(self) -> list[dict[str, Any]]:
        """Return the receipts, with the drifts of the one source or of each file."""
        return with_drifts(self.receipts, self.merge)

    def frames(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield each frame with its page's number, in the types that page has."""
        for page in kept_pages(self.segments, watch=watched(self.lease)):
            for frame in page.frames:
                yield page.number, frame

    def table(self) -> Frames:
        """Yield all rows in the one schema, small pages put together."""
        frames = (frame for _, frame in self.frames())
        return gathered(frames, self.schema)


def with_drifts(
    receipts: Sequence[dict[str, Any]], merge: SchemaMerge
) -> list[dict[str, Any]]:
    drifts = [asdict(one) for one in merge.drifts]
    if len(receipts) == 1:
        return [{**receipts[0], "drifts": drifts}]
    return [
        {**receipt, "drifts": [one for one in drifts if one["page"] == number]}
        for number, receipt in enumerate(receipts, 1)
    ]


def drift_remarks(merge: SchemaMerge) -> list[str]:
    remarks = [str(drift) for drift in merge.drifts]
    if more := merge.unreported:
        remarks.append(f"{more} more changes of columns are not listed.")
    return remarks


def watched(lease: Lease) -> Callable[[BinaryIO], BinaryIO]:
    """Return what has the reading of a kept file count as a sign of life."""
    return lambda file: cast("BinaryIO", WatchedFile(file, lease))
