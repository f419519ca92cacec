"""What every maker of an export has at hand, and how the file becomes public."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import timezone

from exports import services
from exports.models import ExportTask
from exports.plan import origin_of, transform_of, write_options
from exports.tables import Writer, open_writer
from exports.tables.transform import BoundTransform
from exports.tables.types import Frames, Schema
from exports.tables.writer import Sink
from exports.told import Told, notes_of, receipt_of
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.archive.upload import StoreWriter
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
    told: Told


MadeFrom = Generator[Step, None, tuple[Made, list[dict[str, Any]]]]


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
        bound = self.bound(schema, first_row=first_row)
        with ExitStack() as resources, self._file() as out:
            with self._writer(out, bound.schema) as writer:
                for frame in bound.run(frames, resources):
                    writer.write(frame)
                    yield self.step(writer, meter)
            stored = out.commit()
        return self.made(stored, writer.rows, receipt_of(writer, bound))

    def paste(
        self, schema: Schema, pieces: Iterable[tuple[bytes, int]], told: Told
    ) -> Generator[Step, None, Made]:
        """Write what others have written of a table: bytes, and rows beginning there.

        `told` is what is to be told of all of it.
        """
        bound = self.bound(schema, first_row=1)
        with self._file() as out:
            with self._writer(out, bound.schema) as writer:
                for piece, rows in pieces:
                    writer.paste(piece, rows=rows)
                    yield self.run.step(rows=writer.rows, size_bytes=writer.bytes)
            stored = out.commit()
        return self.made(stored, writer.rows, told)

    def bound(self, schema: Schema, *, first_row: int) -> BoundTransform:
        transform = transform_of(self.request.inputs, self.configuration)
        return transform.bind(schema, first_row=first_row)

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

    def _file(self) -> StoreWriter:
        return store().writer(fence=f"{self.run.job.pk}-{self.run.lease.fence}")

    def _writer(self, out: Sink, schema: Schema) -> Writer:
        options = write_options(self.configuration)
        return open_writer(self.configuration.file_type, out, schema, options)

    def made(self, stored: Stored, rows: int, told: Told) -> Made:
        """Say in the log what was made."""
        for note in notes_of(told):
            self.run.note(note)
        self.run.note(f"wrote {rows} rows, {stored.size} bytes")
        return Made(stored, rows, told)

    def step(self, writer: Writer, meter: Meter) -> Step:
        done, total = meter.read(written=writer.bytes)
        return self.run.step(
            done=done, total=total, rows=writer.rows, size_bytes=writer.bytes
        )
