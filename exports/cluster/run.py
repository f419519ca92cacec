"""Making an export on the cluster: this process only says what is to be done."""

from collections.abc import Generator, Sequence
from itertools import accumulate
from typing import Any

from django.conf import settings

from exports.cluster import reading, shuffle, writing
from exports.cluster.cluster import Cluster, Promise, connected
from exports.cluster.plan import Kept, Plan
from exports.cluster.unwanted import is_unwanted
from exports.jobs.progress import HALF
from exports.jobs.together import Together, together
from exports.jobs.work import Made, MadeFrom, Work
from exports.plan import Kind, headers_of, paged_source, transform_of, write_options
from exports.sources.fetched import drift_remarks, with_drifts
from exports.sources.page_ranges import PageRange, cut, page_ranges
from exports.told import Told, told_together
from tasks import segments
from tasks.engine.run import Step

MOST_SHARES = 256  # of a source


def from_cluster(work: Work) -> MadeFrom:
    """Read, change, sort and write on the cluster, and publish what is in the store."""
    cluster = yield from connected(work.run, settings.COMPUTE_URL, work.origin.shown)
    try:
        read, table = yield from read_all(work, cluster)
        for remark in drift_remarks(read.merge):
            work.run.note(remark)
        made = yield from make(work, cluster, read, table)
    finally:
        cluster.close()
    return made, with_drifts(read.receipts, read.merge)


def read_all(
    work: Work, cluster: Cluster
) -> Generator[Step, None, tuple[Together, list[Promise]]]:
    """Read all shares; return what is known of them, and where they lie."""
    shares = shares_of(work)
    step = reading_step(work)
    reads = [cluster.submit(*step, share, is_unwanted) for share in shares]
    yield from cluster.waited(reads, lambda ended: progress(0, ended, len(reads)))
    told = [cluster.submit(reading.outcome_of, read) for read in reads]
    outcomes = yield from cluster.results(told)
    read = together(work, shares, outcomes)
    rows, size_bytes = read.sum_of("rows"), read.sum_of("size_bytes")
    yield work.run.step(rows=rows, size_bytes=size_bytes)
    return read, reads


def shares_of(work: Work) -> list[PageRange]:
    """Cut the source as finely as it can be, for any number of workers."""
    if work.origin.kind is not Kind.PAGES:
        files = work.configuration.source_urls or (work.origin.where,)
        return cut(len(files), MOST_SHARES)
    source = paged_source(work.configuration, work.origin.where)
    return page_ranges(source, MOST_SHARES)


def reading_step(work: Work) -> tuple[Any, ...]:
    """Return the step that reads a share, and what it is given besides."""
    configuration, url = work.configuration, work.origin.where
    if work.origin.kind is Kind.PAGES:
        source = paged_source(configuration, url)
        return reading.read_pages, source, settings.OUTBOUND
    files = reading.Files(
        tuple(configuration.source_urls or (url,)),
        policy=settings.OUTBOUND,
        headers=headers_of(configuration),
        declared=configuration.source_format,
    )
    return reading.read_files, files


def make(
    work: Work, cluster: Cluster, read: Together, table: list[Promise]
) -> Generator[Step, None, Made]:
    """Make the file of what was read; `table` is emptied, so that it can be dropped."""
    plan = plan_of(work, read)
    plan.bound()  # what is wrong with the request is told before anything is sent
    is_file = work.origin.kind is Kind.FILE
    first_row = read.outcomes[0]["first_row"] if is_file else 1
    sent = shuffle.send(cluster, plan, read.outcomes, table, first_row=first_row)
    parts = yield from written(work, cluster, plan, sent)
    told: list[Told] = yield from cluster.results(sent.told)
    whole = cluster.submit(writing.whole_file, parts, plan, is_unwanted)
    yield from cluster.waited([whole], lambda _: {})
    [file] = yield from cluster.results([whole])
    yield work.run.step(rows=file.rows, size_bytes=file.stored.size)
    return work.made(file.stored, file.rows, told_together([*told, file.told]))


def plan_of(work: Work, read: Together) -> Plan:
    transform = transform_of(work.request.inputs, work.configuration)
    return Plan(
        transform=transform,
        schema=read.merge.schema,
        file_type=work.configuration.file_type,
        options=write_options(work.configuration),
        kept=Kept(
            settings.STORE_URL,
            endpoint_url=settings.S3_ENDPOINT_URL,
            region=settings.S3_REGION,
        ),
        fence=f"{work.run.job.pk}-{work.run.lease.fence}",
    )


def written(
    work: Work, cluster: Cluster, plan: Plan, sent: shuffle.Sent
) -> Generator[Step, None, list[writing.Part]]:
    """Have the rows written in parts, each in the store, and keep those for the job."""
    most: Sequence[int | None] = [None] * len(sent.tables)
    limit = plan.transform.limit
    if limit is not None:
        yield from cluster.waited(sent.rows, lambda _: {})
        most = shares_of_limit(limit, (yield from cluster.results(sent.rows)))
    writes = [
        cluster.submit(writing.written_part, table, number, plan, share, is_unwanted)
        for number, (table, share) in enumerate(zip(sent.tables, most, strict=True))
        if share != 0
    ]
    sent.tables.clear()
    waits = [*sent.told, *writes]
    yield from cluster.waited(waits, lambda ended: progress(HALF, ended, len(waits)))
    parts: list[writing.Part] = yield from cluster.results(writes)
    yield work.run.step(apply=lambda: keep(work, parts))
    return parts


def shares_of_limit(limit: int, rows: Sequence[int]) -> list[int]:
    """Return how many of each table's rows are among the first `limit` of all."""
    before = accumulate(rows, initial=0)
    return [
        max(0, min(count, limit - start))
        for count, start in zip(rows, before, strict=False)
    ]


def keep(work: Work, parts: Sequence[writing.Part]) -> None:
    """Have the parts go when the job ends; those of an earlier claim go now."""
    segments.drop(work.run.job)
    for number, part in enumerate(parts):
        segments.keep(work.run.job, number, part.stored)


def progress(base: int, ended: int, total: int) -> dict[str, Any]:
    return {"done": base + HALF * ended // max(1, total), "total": 2 * HALF}
