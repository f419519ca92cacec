"""Making one part of an export."""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from functools import partial
from typing import Any

from exports import parts
from exports.faults import faults_told
from exports.jobs.fetching import file_sources
from exports.jobs.progress import SecondHalf
from exports.jobs.work import Steps, Work
from exports.models import ExportPart
from exports.plan import Kind, paged_source, write_options
from exports.sources.fetched import Fetched, watched
from exports.sources.many_files import FilesFetching
from exports.sources.page_ranges import PageRange, is_short, narrowed
from exports.sources.pages import fetch_pages
from exports.sources.segments import begun, kept_pages
from exports.tables import open_writer
from exports.tables.packed import packed_seen, unpacked_schema
from exports.tables.spool import gathered
from exports.tables.types import Frames
from exports.tables.write import pasted_format
from exports.told import receipt_of
from tasks import segments
from tasks.archive.store import Stored
from tasks.engine.run import Run, Step

Stage = ExportPart.Stage
Outcome = dict[str, Any]


def run_part(run: Run) -> Steps:
    """Do a share of an export's work, which takes over what came of it."""
    mine = ExportPart.objects.filter(job=run.job).select_related("task", "job")
    part = mine.first()
    if part is None:
        raise parts.part_gone()
    work = Work(run, part.task)
    with faults_told(work.origin.shown):
        return (yield from MAKERS[Stage(part.stage)](work, part))


def fetch(work: Work, part: ExportPart) -> Steps:
    share = PageRange(**part.spec)
    if work.origin.kind is Kind.FILES:
        files = file_sources(work)[share.first : share.end]
        fetching = FilesFetching(work.run, files, before=share.first)
        fetched = yield from fetching.steps()
        return partial(parts.finish, part, outcome_of(fetched))
    source = paged_source(work.configuration, work.origin.where)
    mine, start = narrowed(source, share)
    fetched = yield from fetch_pages(work.run, mine, start=start)
    short = is_short(source, fetched.place, share)
    return partial(parts.finish, part, outcome_of(fetched) | {"short": short})


def outcome_of(fetched: Fetched) -> Outcome:
    return {
        "pages": fetched.pages,
        "rows": fetched.rows,
        "size_bytes": fetched.size_bytes,
        "receipts": fetched.receipts,
        "place": vars(fetched.place),
        "seen": [packed_seen(one) for one in fetched.merge.told],
    }


def write(work: Work, part: ExportPart) -> Steps:
    """Write the rows of a part that was fetched, without what is around them."""
    outcome, stored = yield from rows_written(work, part)

    def effect() -> None:
        segments.keep(part.job, 0, stored)
        parts.finish(part, outcome)

    return effect


def rows_written(
    work: Work, part: ExportPart
) -> Generator[Step, None, tuple[Outcome, Stored]]:
    schema = unpacked_schema(part.spec["schema"])
    bound = work.bound(schema, first_row=part.spec["first_row"])
    options = write_options(work.configuration)
    format_ = pasted_format(work.configuration.file_type, options)
    meter = SecondHalf(part.spec["rows"])
    with ExitStack() as resources, begun(work.run, 0) as out:
        writer = open_writer(format_, out, bound.schema, options)
        writer.go_on()
        frames = meter.counted(gathered(fetched_frames(work, part), schema))
        for frame in bound.run(frames, resources):
            writer.write(frame)
            yield work.step(writer, meter)
        stored = out.commit()
    return {"written": writer.rows, "told": receipt_of(writer, bound)}, stored


def fetched_frames(work: Work, part: ExportPart) -> Frames:
    of_task = ExportPart.objects.filter(task=part.task, stage=Stage.FETCH)
    source = of_task.select_related("task").get(number=part.spec["part"])
    kept = parts.segments_of(source)
    for page in kept_pages(kept, watch=watched(work.run.lease)):
        yield from page.frames


MAKERS: dict[Stage, Callable[[Work, ExportPart], Steps]] = {
    Stage.FETCH: fetch,
    Stage.WRITE: write,
}
