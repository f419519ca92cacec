"""Finding what changed between two stored tables."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, BinaryIO

from django.utils import timezone

from exports.tables import Dialect, TableError, open_table, open_writer
from exports.tables.diff import Side, TableDiff
from exports.tables.types import Frames
from registry.models import Comparison
from tasks.archive.names import media_type
from tasks.archive.store import Missing, Stored
from tasks.archive.stored import store
from tasks.engine.run import Effect, Run, Step
from tasks.engine.watched import WatchedFile
from tasks.errors import WorkFailed
from tasks.models import Artifact

NAME = "changes.csv"
OURS = Dialect(delimiter=",", encoding="utf-8", quote='"')
Steps = Generator[Step, None, Effect | None]


def compare_tables(run: Run) -> Steps:
    """Write the rows that differ, and keep their numbers with the comparison."""
    comparison = Comparison.objects.filter(pk=run.params["comparison"]).first()
    if comparison is None:
        return None  # It was pruned before its turn came.
    try:
        return (yield from _compare(run, comparison))
    except Missing:
        message = "One of the files is no longer kept."
        raise WorkFailed("file_gone", message) from None
    except TableError as error:
        raise WorkFailed("bad_table", str(error)) from error


def _compare(run: Run, comparison: Comparison) -> Steps:
    sizes = [store().size(one) for one in (comparison.before, comparison.after)]
    with (
        opened_csv(run, comparison.before) as (columns, frames),
        opened_csv(run, comparison.after) as (new_columns, new_frames),
        TableDiff(
            columns, new_columns, key=comparison.key, size_bytes=max(sizes)
        ) as diff,
    ):
        yield from _take(run, diff.before, frames)
        yield from _take(run, diff.after, new_frames)
        stored = yield from _write(run, diff)
    return _effect(run, comparison, diff, stored)


@contextmanager
def opened_csv(run: Run, digest: str) -> Iterator[tuple[list[str], Frames]]:
    """Open a CSV of our own; one without columns is an empty file."""
    with store().open(digest) as file:
        if not store().size(digest):
            yield [], iter(())
            return
        watched: BinaryIO = WatchedFile(file, run.lease)
        with watched, open_table(watched, name="table.csv", dialect=OURS) as table:
            yield table.columns, table.frames


def _take(run: Run, side: Side, frames: Frames) -> Generator[Step, None, None]:
    for frame in frames:
        side.add(frame)
        yield run.step(rows=side.rows)


def _write(run: Run, diff: TableDiff) -> Generator[Step, None, Stored]:
    with store().writer(fence=f"{run.job.pk}-{run.lease.fence}") as out:
        with open_writer("csv", out, diff.columns) as writer:
            for part, frame in enumerate(diff.changes(), 1):
                writer.write(frame)
                yield run.step(
                    done=part, total=diff.part_count, size_bytes=writer.bytes
                )
        return out.commit()


def _effect(
    run: Run, comparison: Comparison, diff: TableDiff, stored: Stored
) -> Effect:
    counts = diff.counts
    found: dict[str, Any] = asdict(counts) | {
        "key": diff.key or None,
        "columns": diff.column_changes(),
    }
    run.note(
        f"{counts.added} added, {counts.removed} removed, {counts.changed} changed"
    )

    def effect() -> None:
        artifact = Artifact.objects.create(
            digest=stored.digest,
            size_bytes=stored.size,
            name=NAME,
            media_type=media_type(NAME),
            rows=counts.added + counts.removed + 2 * counts.changed,
            step_key=comparison.step_key,
            receipt=_receipt(run, comparison),
            job=run.job,
        )
        Comparison.objects.filter(pk=comparison.pk).update(
            found=found, artifact=artifact
        )

    return effect


def _receipt(run: Run, comparison: Comparison) -> dict[str, Any]:
    return {
        "sources": [{"before": comparison.before}, {"after": comparison.after}],
        "job": str(run.job.pk),
        "made_at": timezone.now().isoformat(),
    }
