"""Creating CSV and JSON from a table's copy, and a preview of its first rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import orjson

from exports.tables import Dialect, Table, TableError, open_table, open_writer
from exports.tables.cast import Caster
from exports.tables.dialects import read_dialect
from exports.tables.preview import preview
from registry.jobs.work import Made, Steps, Work, at_fault, open_artifact, source_file
from registry.spec import Resource
from tasks.engine.watched import WatchedFile
from tasks.models import Artifact

PREVIEW_ROWS = 10_000


@contextmanager
def opened_copy(work: Work, resource: Resource) -> Iterator[tuple[Table, WatchedFile]]:
    """Open a resource's copy as the table it is; faults name resource, URL and row."""
    artifact = work.copy_of(resource).artifact
    with open_artifact(artifact) as file, work.watch(file) as watched:
        try:
            with open_table(
                watched,
                name=_file_name(resource, artifact),
                media_type=resource.mediatype or "",
                dialect=dialect_of(resource),
            ) as table:
                yield table, watched
        except TableError as error:
            raise at_fault(resource, error, code="bad_table") from error


def _file_name(resource: Resource, artifact: Artifact) -> str:
    """Name the file so that a format the spec declares counts above its extension."""
    path = source_file(resource)
    if resource.format and path.suffix.lower() not in {".gz", ".zip"}:
        return f"{path.stem}.{resource.format}"
    return path.name or artifact.name


def dialect_of(resource: Resource) -> Dialect:
    """Merge what tabulator, the CSV dialect and the encoding of a resource say."""
    described = {"dialect": resource.dialect, "encoding": resource.encoding}
    tabulator = resource.tabulator
    if tabulator is None:
        return read_dialect(described)
    told = dict(tabulator.options) | {"skip_rows": tabulator.skip_rows}
    if tabulator.headers is not None:
        told["headers"] = _headers(tabulator.headers, tabulator.skip_rows)
    if tabulator.sheet is not None:
        told["sheet"] = tabulator.sheet
    return read_dialect(described, told)


def _headers(headers: int | tuple[str, ...], skip_rows: int) -> int | list[str]:
    """Tell the header's place after the skipped rows, or the names themselves."""
    if isinstance(headers, tuple):
        return list(headers)
    beyond = headers - skip_rows
    return beyond if beyond > 0 else headers


def make_table(work: Work) -> Steps:
    """Write a table as CSV with its cells as they are, or as JSON with its types."""
    resource, kind = work.resource, str(work.pipeline.kind)
    path = f"data/{resource.name}_{kind}.{kind}"
    copy = work.copy_of(resource).artifact
    key = work.key([copy.digest], reading=reading_of(resource), schema=resource.schema)
    if made := work.reuse(path, key):
        return work.publish(made)
    with opened_copy(work, resource) as (table, watched), work.writer() as out:
        schema = resource.schema if kind == "json" else {}
        caster = Caster(schema, table.schema, first_row=table.first_row)
        with open_writer(kind, out, table.columns) as writer:
            for frame in table:
                writer.write(caster.cast(frame))
                yield work.run.step(
                    done=watched.taken,
                    total=copy.size_bytes,
                    rows=writer.rows,
                    size_bytes=writer.bytes,
                )
        stored = out.commit()
    if caster.failed:
        first = caster.misfits[0]
        work.say(
            f"{caster.failed} cells are not of their column's type and became null, "
            f"the first in row {first.row}, column {first.column!r}"
        )
    work.say(f"wrote {writer.rows} rows, {stored.size} bytes")
    receipt = {"sources": [{"copy": copy.digest}]}
    return work.publish(
        Made(path, stored, rows=writer.rows, step_key=key, receipt=receipt)
    )


def reading_of(resource: Resource) -> list[object]:
    """List all that decides how a copy is read, for the key of a step."""
    tabulator = asdict(resource.tabulator) if resource.tabulator else None
    name = source_file(resource).name
    kinds = (resource.format, resource.mediatype, resource.encoding)
    return [name, *kinds, resource.dialect, tabulator]


def make_preview(work: Work) -> Steps:
    """Write the first rows of a finished CSV as JSON, with the types of its schema."""
    resource = work.resource
    path = f"data/{resource.name}_csv_preview.json"
    csv = work.output_of(f"{work.revision.flow_id}/{resource.name}_csv").artifact
    key = work.key([csv.digest], schema=resource.schema)
    if made := work.reuse(path, key):
        return work.publish(made)
    yield work.run.step(done=0)
    shown = _first_rows(work, resource, csv)
    with work.writer() as out:
        out.write(orjson.dumps(shown))
        stored = out.commit()
    rows = len(shown["rows"])
    work.say(f"preview of {rows} rows")
    return work.publish(Made(path, stored, rows=rows, step_key=key))


def _first_rows(work: Work, resource: Resource, csv: Artifact) -> dict[str, Any]:
    if not csv.size_bytes:  # a table without columns, such as the JSON array []
        return {"fields": [], "rows": []}
    plain = Dialect(delimiter=",", encoding="utf-8", quote='"')
    try:
        with (
            open_artifact(csv) as file,
            work.watch(file) as watched,
            open_table(watched, name=csv.name, dialect=plain) as table,
        ):
            caster = Caster(resource.schema, table.schema)
            frames = (caster.cast(frame) for frame in table)
            return preview(caster.schema, frames, rows=PREVIEW_ROWS)
    except TableError as error:
        raise at_fault(resource, error, code="bad_table") from error
