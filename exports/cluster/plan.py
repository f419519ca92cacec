"""What the workers of a cluster are to do with rows, as it is sent to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import polars as pl

from exports.tables import Transform, WriteOptions
from exports.tables.columns import unused
from exports.tables.packed import unpacked_frame
from exports.tables.sorting import Sorting
from exports.tables.spool import gathered
from exports.tables.transform import BoundTransform
from exports.tables.types import Frames, Schema
from tasks.archive.store import Store, open_store

Blocks = list[bytes]  # frames, as they are sent and kept
Unwanted = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Kept:
    """Where files are kept; what lets a worker in there is in its own environment."""

    url: str
    endpoint_url: str = ""
    region: str = ""


@cache
def store_of(kept: Kept) -> Store:
    return open_store(kept.url, endpoint_url=kept.endpoint_url, region=kept.region)


@dataclass(frozen=True, slots=True)
class Plan:
    transform: Transform
    schema: Schema  # that holds all rows of the source
    file_type: str
    options: WriteOptions
    kept: Kept
    fence: str  # of the job's claim

    def bound(self, first_row: int = 1) -> BoundTransform:
        return self.transform.bind(self.schema, first_row=first_row)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A transform whose rows also say where they were, so that no two are equal."""

    bound: BoundTransform
    order: str  # the name of the column that says so
    sorting: Sorting

    @classmethod
    def of(cls, plan: Plan, first_row: int = 1) -> "Ordered":
        bound = plan.bound(first_row)
        order = unused("order", bound.sources)
        sorting = bound.sorting or Sorting([], bound.schema)
        return cls(bound, order, sorting.then_by(order, pl.Int64()))

    def named(self, frame: pl.DataFrame, row: pl.Expr) -> pl.DataFrame:
        """Return the columns that go out or sort, and the place."""
        return self.bound.named(frame).with_columns(
            frame.select(row.cast(pl.Int64).alias(self.order)).to_series()
        )


def frames_of(blocks: Blocks, plan: Plan) -> Frames:
    """Give the rows of blocks in the one schema; an empty frame at least."""
    frames = gathered(unpacked(blocks), plan.schema)
    yield next(frames, pl.DataFrame(schema=plan.schema))
    yield from frames


def unpacked(blocks: Blocks) -> Iterator[pl.DataFrame]:
    return (unpacked_frame(block) for block in blocks)
