"""What every maker of an export has at hand, and how the file becomes public."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import timezone

from exports import services
from exports.models import ExportTask
from exports.plan import origin_of, transform_of, write_options
from exports.tables import Writer, open_writer
from exports.tables.types import Frames, Schema
from exports.told import notes_of, receipt_of
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.engine.run import Effect, Run, Step

Steps = Generator[Step, None, Effect | None]
STEPS = ("types", "filter", "group_by", "aggregates", "select", "sort", "limit")


class Meter(Protocol):
    """Tells how far an export is."""

    def read(self, *, written: int) -> tuple[int | None, int | None]:
        """Return done and total, in any unit; None for what is not known."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file in the store, and what its receipt tells of its rows."""

    stored: Stored
    rows: int
    told: dict[str, Any]


class Work:
    """One run of one export."""

    def __init__(self, run: Run, task: ExportTask) -> None:
        self.run = run
        self.task = task
        self.request = services.load_request(task)
        self.configuration = self.request.configuration
        self.origin = origin_of(self.configuration)

    def write(
        self, schema: Schema, frames: Frames, meter: Meter, *, first_row: int = 2
    ) -> Generator[Step, None, Made]:
        """Change the rows of a table and write them to the store."""
        transform = transform_of(self.request.inputs, self.configuration)
        bound = transform.bind(schema, first_row=first_row)
        fence = f"{self.run.job.pk}-{self.run.lease.fence}"
        with ExitStack() as resources, store().writer(fence=fence) as out:
            writer = open_writer(
                self.configuration.file_type,
                out,
                bound.schema,
                write_options(self.configuration),
            )
            with writer:
                for frame in bound.run(frames, resources):
                    writer.write(frame)
                    yield self._step(writer, meter)
            stored = out.commit()
        for note in notes_of(writer, bound):
            self.run.note(note)
        self.run.note(f"wrote {writer.rows} rows, {stored.size} bytes")
        return Made(stored, writer.rows, receipt_of(writer, bound))

    def publish(self, made: Made, sources: Sequence[dict[str, Any]]) -> Effect:
        """Return the effect that makes the file public together with the job's end."""
        configuration = self.task.request["configuration"]
        receipt = {
            "sources": sources,
            "inputs": self.task.request["inputs"],
            "transforms": {n: configuration[n] for n in STEPS if configuration.get(n)},
            "rows": made.rows,
            "bytes": made.stored.size,
            "sha256": made.stored.digest,
            **made.told,
            "job": str(self.run.job.pk),
        }

        def effect() -> None:
            at = timezone.now()
            services.finish_export(
                task=self.task,
                stored=made.stored,
                rows=made.rows,
                receipt=receipt | {"made_at": at.isoformat()},
                at=at,
            )

        return effect

    def _step(self, writer: Writer, meter: Meter) -> Step:
        done, total = meter.read(written=writer.bytes)
        return self.run.step(
            done=done, total=total, rows=writer.rows, size_bytes=writer.bytes
        )
