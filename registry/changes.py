"""The tables of two revisions, matched by the names of their resources."""

from collections.abc import Iterator
from dataclasses import dataclass

from exports.tables.fields import read_schema
from registry.models import Comparison, Output, Pipeline, Revision
from registry.plan import PipelineKind
from registry.spec import SpecError, parse_spec
from registry.states import ENDED


@dataclass(slots=True)
class TableChange:
    """A resource that either revision has as a table, and what there is of it."""

    resource: str
    # Planned in both revisions, so that it can be neither new nor gone.
    in_both: bool
    key: tuple[str, ...] = ()
    before: Output | None = None
    after: Output | None = None
    comparison: Comparison | None = None
    # Why it will not be compared; empty where it is, or is still to be.
    error: str = ""
    # Not made yet by a pipeline that may still do so.
    is_due: bool = False

    @property
    def is_equal(self) -> bool:
        pair = self.pair
        return pair is not None and pair[0].artifact.digest == pair[1].artifact.digest

    @property
    def pair(self) -> tuple[Output, Output] | None:
        return (self.before, self.after) if self.before and self.after else None

    @property
    def is_known(self) -> bool:
        """Tell whether there is nothing left to wait for."""
        compared = self.comparison is not None and self.comparison.found is not None
        alone = not self.in_both and not self.is_due
        return bool(self.error) or self.is_equal or alone or compared


def tables_of(before: Revision, after: Revision) -> Iterator[TableChange]:
    """Give the tables of both in the order of their names."""
    planned = {
        (one.revision_id, one.resource): one
        for one in Pipeline.objects.filter(
            revision__in=(before, after), kind=PipelineKind.CSV
        )
    }
    made = Output.objects.filter(pipeline__in=[one.pk for one in planned.values()])
    outputs = {one.pipeline_id: one for one in made.select_related("artifact")}
    keys = primary_keys(before) | primary_keys(after)
    for resource in sorted({resource for _, resource in planned}):
        sides = [planned.get((one.pk, resource)) for one in (before, after)]
        files = [outputs.get(one.pk) if one else None for one in sides]
        lacking = [
            one for one, file in zip(sides, files, strict=True) if one and not file
        ]
        yield TableChange(
            resource=resource,
            in_both=all(sides),
            key=keys.get(resource, ()),
            before=files[0],
            after=files[1],
            error="".join(_never_made(one) for one in lacking[:1]),
            is_due=bool(lacking),
        )


def _never_made(pipeline: Pipeline) -> str:
    if pipeline.state not in ENDED:
        return ""
    return f"{pipeline.pipeline_id} has {pipeline.state} and left no file here."


def primary_keys(revision: Revision) -> dict[str, tuple[str, ...]]:
    """Return the key of each table that has one."""
    try:
        spec = parse_spec(revision.spec)
    except SpecError:  # It was taken under rules that were less strict.
        return {}
    keys = {one.name: read_schema(one.schema).primary_key for one in spec.resources}
    return {name: key for name, key in keys.items() if key}
