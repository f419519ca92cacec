"""What the page of a data set shows of one of its revisions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from registry import services
from registry.errors import NoSuchRevision
from registry.models import Output, Revision
from registry.plan import PipelineKind
from registry.spec import Resource, SpecError, parse_spec
from registry.states import RunState
from tasks.archive.store import Missing
from tasks.archive.stored import store

FIRST_ROWS = 30
# A larger preview is read by the page's script alone.
LARGEST_PREVIEW = 4 << 20
LONGEST_CELL = 300

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTable:
    """A table of the revision: what its columns mean, and where its rows are."""

    resource: Resource
    fields: list[Json]  # of the Table Schema, those that are objects
    csv: Output | None
    preview: Output | None

    @property
    def years(self) -> list[str]:
        """Name the columns of years, which as JSON are plain integers."""
        return [
            str(one.get("name")) for one in self.fields if one.get("type") == "year"
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    revision: Revision
    descriptor: Json
    tables: tuple[ShownTable, ...]
    files: list[Output]

    @property
    def title(self) -> str:
        return _text(self.descriptor, "title") or self.revision.dataset.name

    @property
    def description(self) -> str:
        return _text(self.descriptor, "description")

    @property
    def readme(self) -> str:
        return _text(self.descriptor, "readme")

    def credits(self, word: str) -> list[str]:
        """Return the titles, or else names, of what `licenses` or `sources` lists."""
        listed = self.descriptor.get(word)
        items = listed if isinstance(listed, list) else []
        told = [one for one in items if isinstance(one, dict)]
        names = (_text(one, "title") or _text(one, "name") for one in told)
        return [name for name in names if name]

    @property
    def rows(self) -> int:
        """How many rows its tables have, as far as they are made."""
        made = [one.csv.artifact.rows or 0 for one in self.tables if one.csv]
        return sum(made)

    @property
    def size_bytes(self) -> int:
        return sum(one.artifact.size_bytes for one in self.files)


def show(
    *, owner: str, dataset: str, word: str | None, is_owner: Callable[[], bool]
) -> Shown:
    """Return what the caller may see of a revision.

    Without a word: of the newest successful one, or where there is none, the newest.

    Raises:
        NoSuchRevision: there is none, or none the caller may know of.
    """
    revision = _find(owner, dataset, word, is_owner)
    files = list(
        revision.outputs.select_related("artifact", "pipeline").order_by("path")
    )
    try:
        spec = parse_spec(revision.spec)
    except SpecError:  # It was taken under rules that were less strict.
        return Shown(revision=revision, descriptor={}, tables=(), files=files)
    tabular = [one for one in spec.resources if one.tabular]
    return Shown(
        revision=revision,
        descriptor=dict(spec.descriptor),
        tables=tuple(_tables(tabular, files)),
        files=files,
    )


def _find(
    owner: str, dataset: str, word: str | None, is_owner: Callable[[], bool]
) -> Revision:
    try:
        return services.find_readable(
            owner=owner, dataset=dataset, word=word or "successful", is_owner=is_owner
        )
    except NoSuchRevision:
        if word is not None:
            raise
    return services.find_readable(
        owner=owner, dataset=dataset, word="latest", is_owner=is_owner
    )


def _tables(resources: Sequence[Resource], files: list[Output]) -> Iterator[ShownTable]:
    made = {(one.pipeline.resource, one.pipeline.kind): one for one in files}
    for resource in resources:
        listed = (resource.schema or {}).get("fields")
        fields = listed if isinstance(listed, list) else []
        yield ShownTable(
            resource=resource,
            fields=[one for one in fields if isinstance(one, dict)],
            csv=made.get((resource.name, PipelineKind.CSV)),
            preview=made.get((resource.name, PipelineKind.PREVIEW)),
        )


def first_rows(table: ShownTable) -> Json | None:
    """Return `fields` and the first `rows` of a table; None where they are not at hand.

    Long cells are cut, as they are here for a first look.
    """
    if table.preview is None:
        return None
    artifact = table.preview.artifact
    if artifact.size_bytes > LARGEST_PREVIEW:
        return None
    try:
        with store().open(artifact.digest, size=artifact.size_bytes) as file:
            whole = orjson.loads(file.read())
    except Missing:
        return None
    rows = [[_cell(value) for value in row] for row in whole["rows"][:FIRST_ROWS]]
    return {"fields": whole["fields"], "rows": rows}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def faults_of(revision: Revision) -> list[str]:
    """Return why a failed revision failed, in the words of what broke first."""
    if revision.state != RunState.FAILED or not isinstance(revision.error_log, list):
        return []
    return [str(line) for line in revision.error_log]


def _text(mapping: Json, word: str) -> str:
    value = mapping.get(word)
    return value.strip() if isinstance(value, str) else ""
