"""The pipelines that a spec becomes (contract 3.1.5, design section 5)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from registry.spec import Resource, Spec, SpecError

ID_MAX = 256


class PipelineKind(StrEnum):
    VALIDATE = "validate"  # checks every table against its schema
    CSV = "csv"  # writes a table as CSV
    JSON = "json"  # writes a table as JSON
    ZIP = "zip"  # packs what the others made
    PREVIEW = "preview"  # writes the first rows of a CSV
    COPY = "copy"  # fetches the source, once for all who read it
    PACKAGE = "package"  # writes datapackage.json, when all is there


TITLES = {
    PipelineKind.VALIDATE: "Validating package contents",
    PipelineKind.CSV: "Creating CSV",
    PipelineKind.JSON: "Creating JSON",
    PipelineKind.ZIP: "Creating ZIP",
    PipelineKind.PREVIEW: "Generating views",
    PipelineKind.COPY: "Copying source data",
    PipelineKind.PACKAGE: "Creating Package",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPipeline:
    id: str
    kind: PipelineKind
    resource: str | None  # None where it is about the whole package
    dependencies: tuple[str, ...]  # the contract's, each with its leading ./
    needs: tuple[str, ...]  # ids that must succeed before the internal runner starts it

    @property
    def title(self) -> str:
        return TITLES[self.kind]


def plan(spec: Spec, flow_id: str) -> list[PlannedPipeline]:
    """List the pipelines in the contract's order; the package comes last.

    Raise SpecError where two would have one id, or an id would be too long.
    """
    pipelines = list(_Flow(spec, flow_id).pipelines())
    if faults := [*_long_ids(pipelines), *_doubled_ids(pipelines)]:
        raise SpecError.of_faults(faults)
    return pipelines


@dataclass(frozen=True, slots=True)
class _Flow:
    spec: Spec
    id: str

    def pipelines(self) -> Iterator[PlannedPipeline]:
        tables = [one for one in self.spec.resources if one.tabular]
        before_package = [
            self._report(tables),
            *(self._table(PipelineKind.CSV, table) for table in tables),
            *(self._table(PipelineKind.JSON, table) for table in tables),
            self._zip(tables),
            *(self._preview(table) for table in tables),
            *self._copies(),
        ]
        yield from before_package
        yield _pipeline(
            self.id,
            PipelineKind.PACKAGE,
            dependencies=[pipeline.id for pipeline in before_package],
            needs=[pipeline.id for pipeline in before_package],
        )

    def _report(self, tables: list[Resource]) -> PlannedPipeline:
        return _pipeline(
            f"{self.id}/validation_report",
            PipelineKind.VALIDATE,
            needs=[self._id_of(table) for table in tables],
        )

    def _table(self, kind: PipelineKind, table: Resource) -> PlannedPipeline:
        return _pipeline(
            f"{self._id_of(table)}_{kind}",
            kind,
            resource=table.name,
            needs=[self._id_of(table)],
        )

    def _zip(self, tables: list[Resource]) -> PlannedPipeline:
        made = [
            f"{self.id}/validation_report",
            *(f"{self._id_of(table)}_csv" for table in tables),
            *(f"{self._id_of(table)}_json" for table in tables),
        ]
        return _pipeline(
            f"{self.id}/{self.spec.zip_file.replace('.', '_')}",
            PipelineKind.ZIP,
            dependencies=made,
            # The zip also holds the source files, and of those that are no
            # tables nobody else in the list has waited for the copy.
            needs=[*made, *(self._id_of(one) for one in self.spec.resources)],
        )

    def _preview(self, table: Resource) -> PlannedPipeline:
        csv = f"{self._id_of(table)}_csv"
        return _pipeline(
            f"{csv}_preview",
            PipelineKind.PREVIEW,
            resource=table.name,
            dependencies=[csv],
            needs=[csv],
        )

    def _copies(self) -> Iterator[PlannedPipeline]:
        first: dict[str, str] = {}
        for resource in self.spec.resources:
            id_ = self._id_of(resource)
            # Two tables out of one file wait for its first copy and take that:
            # one fetch, and both of the same moment.
            shared = first.setdefault(resource.source, id_)
            yield _pipeline(
                id_,
                PipelineKind.COPY,
                resource=resource.name,
                needs=[shared] if shared != id_ else [],
            )

    def _id_of(self, resource: Resource) -> str:
        return f"{self.id}/{resource.name}"


def _pipeline(
    id_: str,
    kind: PipelineKind,
    *,
    resource: str | None = None,
    dependencies: Iterable[str] = (),
    needs: Iterable[str] = (),
) -> PlannedPipeline:
    return PlannedPipeline(
        id=id_,
        kind=kind,
        resource=resource,
        dependencies=tuple(f"./{dependency}" for dependency in dependencies),
        needs=tuple(needs),
    )


def _long_ids(pipelines: Iterable[PlannedPipeline]) -> Iterator[str]:
    for pipeline in pipelines:
        if len(pipeline.id) > ID_MAX:
            yield (
                f"{_whose(pipeline)}: its pipeline id is longer"
                f" than {ID_MAX} characters"
            )


def _doubled_ids(pipelines: Iterable[PlannedPipeline]) -> Iterator[str]:
    first: dict[str, PlannedPipeline] = {}
    for pipeline in pipelines:
        other = first.setdefault(pipeline.id, pipeline)
        if other is not pipeline:
            yield (
                f"{_whose(pipeline)}: its pipeline id {pipeline.id!r}"
                f" is already that of {_whose(other)}"
            )


def _whose(pipeline: PlannedPipeline) -> str:
    if pipeline.resource is None:
        return pipeline.title
    return f"{pipeline.title} of resource {pipeline.resource!r}"
