"""The first rows of an export before it is started, and what would be asked for."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event, Timer
from typing import Any

from django.conf import settings

from exports.errors import PreviewFailed
from exports.faults import faults_told
from exports.plan import (
    Kind,
    headers_of,
    is_blocking,
    origin_of,
    paged_source,
    transform_of,
)
from exports.request import Configuration, Input
from exports.sources.crew import Crew, page_policy
from exports.sources.database_faults import Uneven
from exports.sources.databases import source_of
from exports.sources.files import asked, file_name
from exports.sources.heads import MOST_BYTES, trimmed, unpacked
from exports.sources.incoming import PACKED, Guarded
from exports.sources.page_requests import (
    PagedSource,
    PageSeen,
    Place,
    next_place,
    request_for,
)
from exports.sources.redacted import request_shown
from exports.sources.walk import Walk
from exports.tables import open_table, preview
from exports.tables.spool import one_schema
from exports.tables.types import Frames, Schema
from tasks import pace
from tasks.errors import Stopped, WorkFailed
from tasks.outbound import Policy

ROWS = 20
MOST_REQUESTS = 3
MOST_FRAMES = 3  # of a database; the first may be empty
TIME_S = 10.0
WHOLE_BYTES = 16 << 20  # of a workbook or a zip, which cannot be read in part
BLOCK_BYTES = 128 << 10

Shown = dict[str, Any]


def preview_export(
    configuration: Configuration,
    inputs: Sequence[Input],
    *,
    secrets: Mapping[str, Any],
    policy: Policy,
) -> Shown:
    """Return `fields` and the first 20 `rows` of the result, `requests` and `notes`.

    Fetches one page, or the first MiB of a file, within 10 seconds; keeps nothing.
    Requests are those that the export would begin with, without their secrets.
    Raises PreviewFailed.
    """
    whole = {**configuration.model_dump(exclude_unset=True), **secrets}
    configuration = Configuration.model_validate(whole)
    quick = replace(policy, total_timeout_s=min(TIME_S, policy.total_timeout_s))
    try:
        with faults_told("The preview"):
            origin = origin_of(configuration)
        with faults_told(origin.shown):
            look = Look(configuration, inputs, quick)
            return look_for(origin.kind)(look, origin.where)
    except WorkFailed as error:
        raise PreviewFailed(str(error)) from error
    except Stopped:
        message = f"{origin.shown} did not give its first rows within {TIME_S:.0f} s."
        raise PreviewFailed(message) from None


def look_for(kind: Kind) -> "Callable[[Look, str], Shown]":
    if kind not in LOOKS:
        raise WorkFailed("no_reader", f"A {kind.value} cannot be shown here.")
    return LOOKS[kind]


@dataclass(frozen=True, slots=True)
class Look:
    """A preview being made."""

    configuration: Configuration
    inputs: Sequence[Input]
    policy: Policy

    def show(
        self, schema: Schema, frames: Frames, *, first_row: int = 2, whole: bool
    ) -> Shown:
        """Show the result of the rows given, which may not be all there are."""
        bound = transform_of(self.inputs, self.configuration).bind(
            schema, first_row=first_row
        )
        with ExitStack() as resources:
            shown = preview(bound.schema, bound.run(frames, resources), rows=ROWS)
        notes = []
        if not whole and is_blocking(self.configuration):
            notes.append(
                "Groups and order are those of the rows at the beginning of the "
                "source, not of all its rows."
            )
        elif not whole and len(shown["rows"]) < ROWS:
            notes.append("Only the rows at the beginning of the source were read.")
        if bound.failed:
            notes.append(
                f"{bound.failed} cells are not of their column's type and became null."
            )
        return {**shown, "notes": notes}


def look_at_files(look: Look, url: str) -> Shown:
    urls = look.configuration.source_urls or []
    shown = look_at_file(look, url, alone=len(urls) == 1)
    headers = headers_of(look.configuration)
    return {
        **shown,
        "requests": [request_shown(one, headers) for one in urls[:MOST_REQUESTS]],
    }


def look_at_file(look: Look, url: str, *, alone: bool = True) -> Shown:
    headers = headers_of(look.configuration)
    stopped = Event()
    with time_limit(stopped.set):
        with asked(url, policy=look.policy, headers=headers) as reply:
            media_type = reply.headers.get("Content-Type", "")
            head, whole = first_bytes(reply.file())
        name = file_name(url, look.configuration.source_format)
        head, whole = unpacked(head, whole=whole)
        if not whole:
            head, name = trimmed(head), name.removesuffix(".gz")
        file = io.BufferedReader(Guarded(io.BytesIO(head), stopped))
        with open_table(file, name=name, media_type=media_type) as table:
            shown = look.show(
                table.schema,
                table.frames,
                first_row=table.first_row,
                whole=whole and alone,
            )
    return {**shown, "requests": [request_shown(url, headers)]}


def first_bytes(body: io.BufferedReader) -> tuple[bytes, bool]:
    """Return the first bytes of a file, and whether they are all.

    Raises WorkFailed for a packed file that is too large to be fetched whole.
    """
    most, head = MOST_BYTES, bytearray()
    while len(head) <= most and (piece := body.read1(BLOCK_BYTES)):
        head += piece
        if head.startswith(PACKED):
            most = WHOLE_BYTES
    if len(head) <= most:
        return bytes(head), True
    if most == WHOLE_BYTES:
        raise WorkFailed(
            "too_large",
            f"A workbook or a zip of more than {WHOLE_BYTES >> 20} MiB has no preview, "
            "as it can be read only as a whole; the export itself has no such limit.",
        )
    return bytes(head[:most]), False


def look_at_pages(look: Look, url: str) -> Shown:
    source = paged_source(look.configuration, url)
    crew = Crew(source, page_policy(source, look.policy))
    walk = Walk(source, crew, reserve=pace.reserve)
    with time_limit(crew.stop), closing(crew), ExitStack() as resources:
        first = next((page for page in walk.pages() if page is not None), None)
        frames = first.frames if first else []
        schema, rows = one_schema(iter(frames), resources)
        shown = look.show(schema, rows, first_row=1, whole=walk.place.ended)
    return {**shown, "requests": list(first_requests(source))}


def first_requests(source: PagedSource) -> Iterator[Shown]:
    """Give the requests that are known before any reply, with full pages assumed."""
    place, paging = Place(), source.paging
    plain = (
        paging.page_param,
        paging.size_param,
        paging.offset_param,
    )
    for number in range(MOST_REQUESTS if source.guesses else 1):
        if place.ended:
            return
        url = request_for(source, place).url
        yield request_shown(url, source.headers, plain=plain)
        place = next_place(source, place, PageSeen(source.size, str(number)))


def look_at_database(look: Look, name: str) -> Shown:
    """Read the first frames; with care, if their types are not those of all rows."""
    try:
        return _first_rows(look, name, careful=False)
    except Uneven:
        return _first_rows(look, name, careful=True)


def _first_rows(look: Look, name: str, *, careful: bool) -> Shown:
    source = source_of(
        settings.SOURCE_DATABASES,
        name,
        table=look.configuration.table,
        query=look.configuration.query,
        careful=careful,
    )
    with time_limit(source.stop):
        rows = source.frames()
        head = list(islice(rows, MOST_FRAMES))
        rows.close()
        shown = look.show(
            head[0].schema, iter(head), first_row=1, whole=len(head) < MOST_FRAMES
        )
    return {**shown, "requests": []}


@contextmanager
def time_limit(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` from another thread if the block takes too long."""
    timer = Timer(TIME_S, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


LOOKS: dict[Kind, Callable[[Look, str], Shown]] = {
    Kind.FILE: look_at_file,
    Kind.FILES: look_at_files,
    Kind.PAGES: look_at_pages,
    Kind.DATABASE: look_at_database,
}
