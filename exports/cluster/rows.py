"""Steps that change, group and sort rows, each of a part of the table."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import polars as pl

from exports.cluster.plan import Blocks, Ordered, Plan, Unwanted, frames_of
from exports.cluster.reading import give_up
from exports.tables.columns import cell
from exports.tables.groups import PARTS, ROW, Groups
from exports.tables.packed import packed_frame, unpacked_frame
from exports.tables.transform import BoundTransform
from exports.tables.types import Frames
from exports.told import Told, misfits_of

SAMPLES = 100  # of each part, from which the cuts between ranges are chosen


def changed(
    blocks: Blocks, plan: Plan, first_row: int, unwanted: Unwanted
) -> tuple[Blocks, Told, int]:
    """Change rows one by one; return them, what is to be told, and how many."""
    bound, made, rows = plan.bound(first_row), [], 0
    with ExitStack() as resources:
        for frame in bound.run(wanted(frames_of(blocks, plan), unwanted), resources):
            made.append(packed_frame(frame))
            rows += frame.height
    return made, misfits_of(bound), rows


def sorted_part(
    blocks: Blocks, plan: Plan, first_row: int, unwanted: Unwanted
) -> tuple[bytes, bytes, Told]:
    """Sort the rows of a part; return them, some of them, and what is to be told."""
    ordered = Ordered.of(plan, first_row)
    bound, frames = ordered.bound, wanted(frames_of(blocks, plan), unwanted)
    named = [
        ordered.named(frame, pl.col(bound.row))
        for frame in bound.kept(frames, numbered=True)
    ]
    rows = ordered.sorting.sorted(named)
    return packed_frame(rows), packed_frame(sample(rows)), misfits_of(bound)


def grouped_part(
    blocks: Blocks, plan: Plan, first_row: int, unwanted: Unwanted
) -> tuple[Blocks, Told]:
    """Group the rows of a part; the groups come cut by the hash of their keys."""
    bound = plan.bound(first_row)
    groups = groups_of(bound)
    for frame in bound.kept(wanted(frames_of(blocks, plan), unwanted)):
        groups.grouping.report(frame)
        groups.add(frame)
        if groups.is_due:
            exhaust(groups.merged())
    exhaust(groups.merged())
    parts = [packed_frame(part) for part in groups.parts if part is not None]
    return parts, misfits_of(bound)


def group_parts(plan: Plan) -> int:
    """Return how many parts `grouped_part` cuts the groups into."""
    return PARTS if groups_of(plan.bound()).keys else 1


def every(blocks: Blocks, first: int, step: int) -> Blocks:
    return blocks[first::step]


def combined_groups(
    parts: Iterable[Blocks], plan: Plan, unwanted: Unwanted
) -> tuple[bytes, bytes]:
    """Put the same parts of all groupings together, in the order of the rows."""
    give_up(unwanted)
    ordered = Ordered.of(plan)
    groups = groups_of(ordered.bound)
    found = pl.concat(unpacked_frame(block) for part in parts for block in part)
    rows = groups.grouped(found, groups.merge)
    groups.groups = rows.height
    groups.check_size()
    place = rows[ROW].alias(ordered.order)
    finals = rows.select(groups.finals())
    made = ordered.bound.named(finals).with_columns(place.cast(pl.Int64))
    rows = ordered.sorting.sorted([made])
    return packed_frame(rows), packed_frame(sample(rows))


def sample(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.gather_every(max(rows.height // SAMPLES, 1))


def cuts_between(samples: Iterable[bytes], plan: Plan, count: int) -> bytes:
    """Choose the first rows of all ranges but the first, so that they are alike."""
    ordered = Ordered.of(plan)
    rows = ordered.sorting.sorted([unpacked_frame(one) for one in samples])
    places = sorted({rows.height * n // count for n in range(1, count)})
    return packed_frame(rows[[at for at in places if at < rows.height]])


def ranges_of(part: bytes, cuts: bytes, plan: Plan, count: int) -> Blocks:
    """Cut sorted rows into `count` ranges, some of which may be empty."""
    rows, firsts = unpacked_frame(part), unpacked_frame(cuts)
    order = Ordered.of(plan).sorting.order_of(pl.concat([firsts, rows]))
    # A row of the table that was chosen comes twice, and then the cut comes first.
    places = (order < firsts.height).arg_true().to_list()
    ends = [at - number for number, at in enumerate(places)]
    starts = [0, *ends]
    made = [
        packed_frame(rows[start:end])
        for start, end in zip(starts, [*ends, rows.height], strict=True)
    ]
    return made + [packed_frame(rows.clear())] * (count - len(made))


def merged_range(
    pieces: Iterable[bytes], plan: Plan, unwanted: Unwanted
) -> tuple[Blocks, int]:
    """Put the same range of all parts in order; return its rows, and how many."""
    give_up(unwanted)
    ordered = Ordered.of(plan)
    rows = ordered.sorting.sorted([unpacked_frame(one) for one in pieces])
    made = rows.select(cell(name) for name in ordered.bound.schema)
    return [packed_frame(one) for one in sliced(made)], rows.height


def sliced(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    return iter(rows.iter_slices(50_000)) if rows.height else iter([rows])


def groups_of(bound: BoundTransform) -> Groups:
    if bound.grouping is None:
        raise ValueError("The rows are not grouped.")
    return Groups(bound.grouping)


def wanted(frames: Frames, unwanted: Unwanted) -> Frames:
    for frame in frames:
        give_up(unwanted)
        yield frame


def exhaust(steps: Iterable[Any]) -> None:
    deque(steps, maxlen=0)


def item(values: Any, number: int) -> Any:
    """Return one of several results, so that only that is sent."""
    return values[number]
