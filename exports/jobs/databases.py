"""Making an export of a database that the operator has named."""

from dataclasses import dataclass

from django.conf import settings

from exports.jobs.work import MadeFrom, Work
from exports.plan import is_blocking
from exports.sources.database_faults import Uneven
from exports.sources.databases import DatabaseSource, source_of
from exports.sources.waiting import filled, read_aside
from tasks.engine.run import Step
from tasks.errors import WorkFailed


@dataclass(frozen=True, slots=True)
class RowMeter:
    """Counts the rows read; where all are read before one is written, that is half."""

    source: DatabaseSource
    blocking: bool

    def read(self, *, written: int) -> tuple[int | None, int | None]:
        total = self.source.total
        if not total:
            return None, None
        done = min(self.source.taken, total)
        return done, 2 * total if self.blocking else total


def from_database(work: Work) -> MadeFrom:
    """Write the rows as they are read; begin anew once, if their types were misjudged.

    Of the first attempt nothing is left, as its file was never published.
    """
    try:
        return (yield from _made(work, careful=False))
    except Uneven:
        work.run.note("later rows are of other kinds than the first: read once more")
    try:
        return (yield from _made(work, careful=True))
    except Uneven as error:
        raise WorkFailed("rows_changed", str(error), temporary=True) from error


def _made(work: Work, *, careful: bool) -> MadeFrom:
    source = source_of(
        settings.SOURCE_DATABASES,
        work.origin.where,
        table=work.configuration.table,
        query=work.configuration.query,
        careful=careful,
    )
    meter = RowMeter(source, is_blocking(work.configuration))
    work.run.on_stop(source.stop)
    with read_aside(source.frames(), stop=source.stop) as beats:
        while (first := next(beats)) is None:
            yield _waiting(work, meter)
        made = yield from work.write(
            first.schema, filled(beats, first), meter, first_row=source.first_row
        )
    if source.as_text:
        names = ", ".join(map(repr, source.as_text))
        work.run.note(f"columns with cells of several kinds became text: {names}")
    return made, [source.receipt()]


def _waiting(work: Work, meter: RowMeter) -> Step:
    done, total = meter.read(written=0)
    return work.run.step(done=done, total=total)
