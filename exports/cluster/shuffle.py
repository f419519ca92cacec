"""Which steps a table goes through on the cluster, and what each is given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from exports.cluster import reading, rows
from exports.cluster.cluster import Cluster, Promise
from exports.cluster.plan import Plan
from exports.cluster.unwanted import is_unwanted
from exports.jobs.together import Outcome

CHUNK_BYTES = 16 << 20  # of packed rows that one step takes
# A shuffle has a piece for each pair of a chunk and a range.
MOST_CHUNKS = 512
MOST_RANGES = 256


@dataclass(slots=True)
class Sent:
    """Results to come: the table in parts, in order, their rows, and remarks."""

    tables: list[Promise] = field(default_factory=list)  # Blocks
    rows: list[Promise] = field(default_factory=list)  # int
    told: list[Promise] = field(default_factory=list)  # Told


@dataclass(frozen=True, slots=True)
class Chunk:
    blocks: Promise
    first_row: int


def send(
    cluster: Cluster,
    plan: Plan,
    outcomes: Sequence[Outcome],
    table: list[Promise],
    *,
    first_row: int,
) -> Sent:
    """Send all steps up to those that write; `table` is emptied."""
    size = sum(size for outcome in outcomes for _, size in outcome["blocks"])
    chunk_bytes = max(CHUNK_BYTES, size // MOST_CHUNKS)
    chunks = list(cut_up(cluster, outcomes, table, chunk_bytes, first_row))
    table.clear()
    sent, bound = Sent(), plan.bound()
    if bound.grouping is None and bound.sorting is None:
        send_rows(cluster, plan, chunks, sent)
        return sent
    ranges = min(MOST_RANGES, max(1, -(-size // chunk_bytes)))
    if bound.grouping is not None:
        parts = send_groups(cluster, plan, chunks, ranges, sent)
    else:
        parts = send_sorts(cluster, plan, chunks, sent)
    send_ranges(cluster, plan, parts, ranges, sent)
    return sent


def cut_up(
    cluster: Cluster,
    outcomes: Sequence[Outcome],
    table: Sequence[Promise],
    chunk_bytes: int,
    first_row: int,
) -> Iterator[Chunk]:
    """Give neighbouring blocks together, of one share or of several small ones."""
    pieces: list[Promise] = []
    waiting_rows = size = 0
    for outcome, read in zip(outcomes, table, strict=False):
        for one in slices(outcome["blocks"], chunk_bytes):
            pieces.append(
                cluster.submit(reading.blocks_between, read, one.first, one.end)
            )
            waiting_rows, size = waiting_rows + one.rows, size + one.size
            if size >= chunk_bytes:
                yield Chunk(cluster.submit(reading.joined, pieces), first_row)
                first_row += waiting_rows
                pieces, waiting_rows, size = [], 0, 0
    if pieces:
        yield Chunk(cluster.submit(reading.joined, pieces), first_row)


@dataclass(frozen=True, slots=True)
class Slice:
    """Neighbouring blocks of a share, from `first` up to, but not with, `end`."""

    first: int
    end: int
    rows: int
    size: int  # bytes


def slices(blocks: Sequence[tuple[int, int]], chunk_bytes: int) -> Iterator[Slice]:
    """Cut blocks, of which rows and bytes are given, where a slice is full."""
    first = count = size = 0
    for at, (block_rows, block_bytes) in enumerate(blocks):
        count, size = count + block_rows, size + block_bytes
        if size >= chunk_bytes or at == len(blocks) - 1:
            yield Slice(first, at + 1, count, size)
            first, count, size = at + 1, 0, 0


def send_rows(
    cluster: Cluster, plan: Plan, chunks: Sequence[Chunk], sent: Sent
) -> None:
    for one in chunks:
        made = cluster.submit(
            rows.changed, one.blocks, plan, one.first_row, is_unwanted
        )
        sent.tables.append(cluster.submit(rows.item, made, 0))
        sent.told.append(cluster.submit(rows.item, made, 1))
        sent.rows.append(cluster.submit(rows.item, made, 2))


def send_sorts(
    cluster: Cluster, plan: Plan, chunks: Sequence[Chunk], sent: Sent
) -> list[Promise]:
    """Return parts, each in order: their rows, and samples of them."""
    parts = []
    for one in chunks:
        made = cluster.submit(
            rows.sorted_part, one.blocks, plan, one.first_row, is_unwanted
        )
        sent.told.append(cluster.submit(rows.item, made, 2))
        parts.append(made)
    return parts


def send_groups(
    cluster: Cluster, plan: Plan, chunks: Sequence[Chunk], count: int, sent: Sent
) -> list[Promise]:
    """Return the groups in parts by the hash of their keys, each in order."""
    count = min(count, rows.group_parts(plan))
    grouped = []
    for one in chunks:
        made = cluster.submit(
            rows.grouped_part, one.blocks, plan, one.first_row, is_unwanted
        )
        sent.told.append(cluster.submit(rows.item, made, 1))
        grouped.append(cluster.submit(rows.item, made, 0))
    return [
        cluster.submit(
            rows.combined_groups,
            [cluster.submit(rows.every, one, number, count) for one in grouped],
            plan,
            is_unwanted,
        )
        for number in range(count)
    ]


def send_ranges(
    cluster: Cluster, plan: Plan, parts: Sequence[Promise], count: int, sent: Sent
) -> None:
    """Cut all parts at the same rows, and put each range together in order."""
    samples = [cluster.submit(rows.item, part, 1) for part in parts]
    cuts = cluster.submit(rows.cuts_between, samples, plan, count)
    cut = [
        cluster.submit(
            rows.ranges_of, cluster.submit(rows.item, part, 0), cuts, plan, count
        )
        for part in parts
    ]
    for number in range(count):
        pieces = [cluster.submit(rows.item, one, number) for one in cut]
        made = cluster.submit(rows.merged_range, pieces, plan, is_unwanted)
        sent.tables.append(cluster.submit(rows.item, made, 0))
        sent.rows.append(cluster.submit(rows.item, made, 1))
