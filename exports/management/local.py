"""An export without a server: rows from a file or an address, into a file."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Protocol

import polars as pl
from django.conf import settings

from exports.management.pace import OwnPace
from exports.management.progress import Progress
from exports.origins import is_url
from exports.plan import (
    Kind,
    headers_of,
    origin_of,
    paged_source,
    transform_of,
    write_options,
)
from exports.request import Configuration
from exports.sources.crew import Crew, page_policy
from exports.sources.files import FileSource
from exports.sources.local import LocalFile
from exports.sources.pages import walk_pages
from exports.sources.waiting import Beats, Streamed, filled, read_aside
from exports.tables import open_writer
from exports.tables.spool import one_schema
from exports.tables.types import Frames, Schema
from exports.told import notes_of, receipt_of


class File(Streamed, Protocol):
    total: int | None  # bytes

    @property
    def taken(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Written:
    rows: int
    size_bytes: int
    notes: list[str]


@dataclass(slots=True)
class Local:
    """One export; `run` is called once."""

    configuration: Configuration
    rename: Mapping[str, str]
    progress: Progress
    rows: int = 0  # written so far
    size_bytes: int = 0
    share: Callable[[], float | None] = field(default=lambda: None)

    def run(self, source: str, out: BinaryIO) -> Written:
        """Write the rows. Raises WorkFailed, OutboundError, TableError and OSError."""
        with ExitStack() as resources:
            if not is_url(source):
                return self._file(LocalFile(Path(source), self._declared), out)
            origin = origin_of(self.configuration)
            if origin.kind is Kind.PAGES:
                schema, frames = self._pages(source, resources)
                return self._write(schema, frames, out, first_row=1)
            fetched = FileSource(
                source,
                policy=settings.OUTBOUND,
                headers=headers_of(self.configuration),
                declared=self._declared,
            )
            return self._file(fetched, out)

    @property
    def _declared(self) -> str | None:
        return self.configuration.source_format

    def _file(self, source: File, out: BinaryIO) -> Written:
        self.share = lambda: source.taken / source.total if source.total else None
        with read_aside(source.frames(), stop=source.stop) as beats:
            first = self._first(beats)
            frames = filled(beats, first)
            return self._write(first.schema, frames, out, first_row=source.first_row)

    def _first(self, beats: Beats) -> pl.DataFrame:
        while (frame := next(beats)) is None:
            self._say()
        return frame

    def _pages(self, url: str, resources: ExitStack) -> tuple[Schema, Frames]:
        source = paged_source(self.configuration, url)
        crew = Crew(source, page_policy(source, settings.OUTBOUND))
        resources.callback(crew.close)
        pages = walk_pages(source, crew, reserve=OwnPace())

        def fetched() -> Frames:
            for page in pages:
                if page is not None:
                    self.rows += page.rows
                    self.size_bytes += page.size_bytes
                    yield from page.frames
                self._say()

        return one_schema(fetched(), resources)

    def _write(
        self, schema: Schema, frames: Frames, out: BinaryIO, *, first_row: int
    ) -> Written:
        transform = replace(transform_of((), self.configuration), rename=self.rename)
        bound = transform.bind(schema, first_row=first_row)
        options = write_options(self.configuration)
        kind = self.configuration.file_type
        with (
            ExitStack() as resources,
            open_writer(kind, out, bound.schema, options) as writer,
        ):
            for frame in bound.run(frames, resources):
                writer.write(frame)
                self.rows, self.size_bytes = writer.rows, writer.bytes
                self._say()
        return Written(writer.rows, writer.bytes, notes_of(receipt_of(writer, bound)))

    def _say(self) -> None:
        share = self.share()
        percent = None if share is None else min(99, int(100 * share))
        self.progress.show(rows=self.rows, size_bytes=self.size_bytes, percent=percent)
