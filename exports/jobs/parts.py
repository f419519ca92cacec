"""An export whose work other jobs share: cut up, waited for, put together in order."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from exports import parts
from exports.jobs.fetching import write_fetched
from exports.jobs.together import Together, together
from exports.jobs.work import Made, MadeFrom, Work
from exports.models import ExportPart
from exports.plan import Kind, is_blocking, paged_source, write_options
from exports.sources.fetched import Fetched, drift_remarks
from exports.sources.page_ranges import PageRange, cut, page_ranges, range_fault
from exports.sources.page_requests import Place
from exports.tables.packed import packed_schema
from exports.tables.types import Schema
from exports.tables.write import pasted_format
from exports.told import told_together
from tasks.archive.stored import store
from tasks.engine.run import Step
from tasks.errors import WorkFailed
from tasks.states import JobState

Stage = ExportPart.Stage
Specs = list[dict[str, Any]]
# The last part wakes the export, or else the sweep does: this is for when neither can.
NAP_S = 30.0
BLOCK_BYTES = 1 << 20


def shares_of(work: Work) -> list[PageRange]:
    """Cut the source's pages or files, as far as it can be; one share is no cut."""
    wanted, kind = work.configuration.workers or 1, work.origin.kind
    if kind is Kind.FILES:
        return cut(len(work.configuration.source_urls or ()), wanted)
    if kind is not Kind.PAGES or wanted == 1:
        return []
    source = paged_source(work.configuration, work.origin.where)
    if range_fault(source.paging, source.page_limit):
        return []  # the source is the service's own, and was another when it was asked
    return page_ranges(source, wanted)


def from_parts(work: Work, shares: Sequence[PageRange]) -> MadeFrom:
    """Have the source fetched in parts; where rows follow each other, written too."""
    specs = [asdict(share) for share in shares]
    fetching = yield from finished(work, Stage.FETCH, lambda: specs)
    outcomes = [part.outcome for part in fetching]
    made_of = together(work, shares, outcomes)
    live = fetching[: len(made_of.outcomes)]
    fetched = fetched_by(work, live, made_of)
    if not is_pasted(work):
        made = yield from write_fetched(work, fetched)
        return made, fetched.sources()
    for_writing = partial(write_specs, live, fetched.schema)
    writing = yield from finished(work, Stage.WRITE, for_writing)
    for remark in fetched.remarks:
        work.run.note(remark)
    made = yield from pasted(work, fetched.schema, writing)
    return made, fetched.sources()


def fetched_by(work: Work, live: Sequence[ExportPart], made_of: Together) -> Fetched:
    return Fetched(
        pages=made_of.sum_of("pages"),
        rows=made_of.sum_of("rows"),
        size_bytes=made_of.sum_of("size_bytes"),
        merge=made_of.merge,
        remarks=drift_remarks(made_of.merge),
        receipts=made_of.receipts,
        place=Place(**live[-1].outcome["place"]),
        segments=tuple(one for part in live for one in parts.segments_of(part)),
        lease=work.run.lease,
    )


def finished(
    work: Work, stage: ExportPart.Stage, specs: Callable[[], Specs]
) -> Generator[Step, None, list[ExportPart]]:
    """Have a stage's parts made, and nap until they are; their rows are the cursor.

    Raises WorkFailed with the reason of the first part that failed.
    """
    made = parts.parts_of(work.task, stage)
    if not made:
        wanted = specs()
        work.run.note(f"{len(wanted)} jobs share the work: {stage}")
        yield work.run.step(
            cursor={"stage": stage},
            apply=partial(parts.make, work.task, stage, wanted),
        )
        made = parts.parts_of(work.task, stage)
    while any(part.result is None for part in made):
        raise_fault(made)
        yield work.run.step(nap_s=NAP_S, **parts.progress(work.task))
        made = parts.parts_of(work.task, stage)
    return made


def raise_fault(made: Sequence[ExportPart]) -> None:
    for part in made:
        which = f"Part {part.number + 1} of {len(made)}"
        if part.job.state == JobState.FAILED:
            raise WorkFailed(part.job.error_code, f"{which}: {part.job.error}")
        if part.job.state == JobState.CANCELLED:
            raise WorkFailed("part_cancelled", f"{which} was cancelled.")


def is_pasted(work: Work) -> bool:
    """Tell whether the rows of a part can be written before those of others are."""
    configuration = work.configuration
    if is_blocking(configuration) or configuration.limit is not None:
        return False
    return bool(pasted_format(configuration.file_type, write_options(configuration)))


def write_specs(fetching: Sequence[ExportPart], schema: Schema) -> Specs:
    specs, first_row = [], 1
    for part in fetching:
        rows = part.outcome["rows"]
        specs.append(
            {
                "part": part.number,
                "schema": packed_schema(schema),
                "first_row": first_row,
                "rows": rows,
            }
        )
        first_row += rows
    return specs


def pasted(
    work: Work, schema: Schema, writing: Sequence[ExportPart]
) -> Generator[Step, None, Made]:
    told = told_together([part.outcome["told"] for part in writing])
    pieces = (piece for part in writing for piece in pieces_of(part))
    return (yield from work.paste(schema, pieces, told))


def pieces_of(part: ExportPart) -> Iterator[tuple[bytes, int]]:
    """Give what a part has written, the first piece with all of its rows."""
    rows = part.outcome["written"]
    for one in parts.segments_of(part):
        with store().open(one.digest, size=one.size) as file:
            file.readline()
            while block := file.read(BLOCK_BYTES):
                yield block, rows
                rows = 0
