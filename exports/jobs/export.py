"""Making an export: rows fetched, changed, written and published."""

from collections.abc import Callable, Generator
from functools import partial

import polars as pl
from django.conf import settings
from django.utils.module_loading import import_string

from exports.faults import faults_told
from exports.jobs.databases import from_database
from exports.jobs.fetching import file_sources, write_fetched
from exports.jobs.parts import from_parts, shares_of
from exports.jobs.progress import file_meter, first_half
from exports.jobs.work import Made, MadeFrom, Meter, Steps, Work
from exports.models import ExportTask
from exports.plan import Kind, headers_of, paged_source
from exports.sources.files import FileSource
from exports.sources.many_files import FilesFetching
from exports.sources.pages import fetch_pages
from exports.sources.waiting import Beats, Streamed, filled, read_aside
from tasks.engine.run import Run, Step
from tasks.errors import WorkFailed


def run_export(run: Run) -> Steps:
    """Make a task's file; it becomes public as the job succeeds."""
    task = ExportTask.objects.filter(pk=run.params["task"]).first()
    if task is None:
        raise WorkFailed("task_gone", "The export was deleted before its turn came.")
    with faults_told(str(task)):
        work = Work(run, task)
    with faults_told(work.origin.shown):
        made, sources = yield from maker_for(work)(work)
    return work.publish(made, sources)


def maker_for(work: Work) -> Callable[[Work], MadeFrom]:
    if work.configuration.compute:
        if not settings.COMPUTE_URL:
            raise WorkFailed("no_cluster", "This service has no cluster any more.")
        maker: Callable[[Work], MadeFrom] = import_string(CLUSTER)
        return maker
    if len(shares := shares_of(work)) > 1:
        return partial(from_parts, shares=shares)
    kind = work.origin.kind
    if kind not in MAKERS:
        raise WorkFailed("no_reader", f"A {kind.value} cannot be exported here.")
    return MAKERS[kind]


def from_file(work: Work) -> MadeFrom:
    """Write the rows of one file while it is being fetched."""
    source = FileSource(
        work.origin.where,
        policy=settings.OUTBOUND,
        headers=headers_of(work.configuration),
        declared=work.configuration.source_format,
    )
    meter = file_meter(source, work.configuration)
    made = yield from write_aside(work, source, meter)
    return made, [source.receipt()]


def write_aside(
    work: Work, source: Streamed, meter: Meter
) -> Generator[Step, None, Made]:
    """Write rows as another thread reads them, in one pass."""
    work.run.on_stop(source.stop)
    with read_aside(source.frames(), stop=source.stop) as beats:
        first = yield from _first(work, beats, meter)
        return (
            yield from work.write(
                first.schema, filled(beats, first), meter, first_row=source.first_row
            )
        )


def from_pages(work: Work) -> MadeFrom:
    """Fetch all pages first, as only the last one tells which columns there are."""
    source = paged_source(work.configuration, work.origin.where)
    fetched = yield from first_half(fetch_pages(work.run, source))
    made = yield from write_fetched(work, fetched)
    return made, fetched.sources()


def from_files(work: Work) -> MadeFrom:
    """Fetch all files first, for the same reason."""
    fetching = FilesFetching(work.run, file_sources(work))
    fetched = yield from first_half(fetching.steps())
    made = yield from write_fetched(work, fetched)
    return made, fetched.sources()


def _first(
    work: Work, beats: Beats, meter: Meter
) -> Generator[Step, None, pl.DataFrame]:
    """Wait for the first frame, which every table has."""
    while (frame := next(beats)) is None:
        done, total = meter.read(written=0)
        yield work.run.step(done=done, total=total)
    return frame


# By name: only a service that has a cluster knows the library that speaks to it.
CLUSTER = "exports.cluster.run.from_cluster"
MAKERS: dict[Kind, Callable[[Work], MadeFrom]] = {
    Kind.FILE: from_file,
    Kind.FILES: from_files,
    Kind.PAGES: from_pages,
    Kind.DATABASE: from_database,
}
