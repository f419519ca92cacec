"""What an uploaded spec document says (contract 3.1.3 and 3.1.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from registry import schedule
from registry.spec_read import Node, name_fault, storage_faults
from registry.spec_resources import Json, processed, read_resources
from registry.spec_resources import Resource as Resource
from registry.spec_resources import Tabulator as Tabulator

MISSING_OWNER = "Missing owner in spec"
INVALID = "Validation failed for contents"
MAX_FAULTS = 50


class SpecError(ValueError):
    """The document cannot be taken; `errors` is what the publisher is shown."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = list(errors)

    @classmethod
    def of_faults(cls, faults: Sequence[str]) -> "SpecError":
        shown = list(faults[:MAX_FAULTS])
        if len(faults) > MAX_FAULTS:
            shown.append(f"and {len(faults) - MAX_FAULTS} more faults")
        return cls([INVALID, *shown])


class Findability(StrEnum):
    PUBLISHED = "published"  # anybody finds and reads it
    UNLISTED = "unlisted"  # anybody who knows the address reads it
    PRIVATE = "private"  # only its owner reads it


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    owner: str
    ownerid: str
    dataset: str
    version: int | float | str | None
    findability: Findability

    @property
    def dataset_id(self) -> str:
        return f"{self.ownerid}/{self.dataset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    kind: str
    parameters: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    meta: Meta
    url: str | None  # where the descriptor itself was read
    descriptor: Json = field(repr=False)  # as uploaded
    resources: tuple[Resource, ...]  # after processing, in the descriptor's order
    outputs: tuple[Output, ...]  # there always is a zip
    period_s: int | None

    @property
    def zip_file(self) -> str:
        """Name the zip; of several zip outputs the first counts, as it always did."""
        zips = (output for output in self.outputs if output.kind == "zip")
        return str(next(zips).parameters["out-file"])


def owner_of(contents: object) -> str:
    """Return meta.ownerid, the first thing that is checked in an upload."""
    ownerid = Node(contents).child("meta").child("ownerid")
    if not isinstance(ownerid.value, str) or not ownerid.value:
        raise SpecError([MISSING_OWNER])
    name = ownerid.name()
    _stop_on(ownerid.faults)
    return name


def dataset_of(contents: object) -> str | None:
    """Return meta.dataset, or None where it is no name that a dataset can have.

    The quota is counted before the document is planned: a dataset without a
    usable name is a new one there, and parse_spec says what is wrong with it.
    """
    name = Node(contents).child("meta").child("dataset").value
    return name if isinstance(name, str) and name_fault(name) is None else None


def parse_spec(contents: object) -> Spec:
    """Read the document in the contract's order: owner, schedule, then the plan.

    Raise SpecError, whatever JSON comes in.
    """
    owner_of(contents)
    document = Node(contents)
    period_s = _period(document)
    _refuse_what_the_contract_names(document)
    _stop_on(storage_faults(contents))
    spec = _spec(document, period_s=period_s)
    _stop_on(document.faults)
    return spec


def _stop_on(faults: Sequence[str]) -> None:
    if faults:
        raise SpecError.of_faults(faults)


def _period(document: Node) -> int | None:
    try:
        return schedule.parse(document.child("schedule").value)
    except schedule.ScheduleError as error:
        raise SpecError([str(error)]) from error


def _refuse_what_the_contract_names(document: Node) -> None:
    meta = document.child("meta").value
    if isinstance(meta, dict) and "dataset" not in meta:
        raise SpecError(["Unexpected error: 'dataset'"])
    inputs = document.child("inputs").value
    if inputs is None or (isinstance(inputs, list) and len(inputs) != 1):
        raise SpecError(["Unexpected error: Only supporting one input atm"])
    if not isinstance(inputs, list) or not isinstance(inputs[0], dict):
        return
    if inputs[0].get("kind") != "datapackage":
        raise SpecError(["Unexpected error: Only supporting datapackage inputs atm"])


def _spec(document: Node, *, period_s: int | None) -> Spec:
    meta = _meta(document.child("meta"))
    package = _package(document.child("inputs"))
    faults_before = len(document.faults)
    resources = read_resources(package)
    # After a fault in a resource, processing would only seem to name unknown ones.
    if len(document.faults) == faults_before:
        resources = list(processed(document.child("processing"), resources))
    return Spec(
        meta=meta,
        url=package.child("url").url(),
        descriptor=package.child("parameters").child("descriptor").mapping() or {},
        resources=tuple(resources),
        outputs=_outputs(document.child("outputs"), dataset=meta.dataset),
        period_s=period_s,
    )


def _package(inputs: Node) -> Node:
    """Find the one input, and stop where it has no descriptor to go on with."""
    nodes = inputs.children()
    if not nodes:
        _stop_on(inputs.faults)
    package = nodes[0]
    for part in (
        package,
        package.child("parameters"),
        package.child("parameters").child("descriptor"),
    ):
        if part.required().mapping() is None:
            _stop_on(part.faults)
    return package


def _meta(meta: Node) -> Meta:
    ownerid = meta.child("ownerid").name()
    return Meta(
        owner=meta.child("owner").text() or ownerid,
        ownerid=ownerid,
        dataset=meta.child("dataset").name(),
        version=_version(meta.child("version")),
        findability=_findability(meta.child("findability")),
    )


def _version(version: Node) -> int | float | str | None:
    value = version.value
    if isinstance(value, bool) or not isinstance(value, int | float | str | None):
        version.fault("should be a number or a string")
        return None
    return value


def _findability(findability: Node) -> Findability:
    text = findability.text()
    if text is None:
        return Findability.PUBLISHED
    try:
        return Findability(text)
    except ValueError:
        findability.fault(f"should be one of {', '.join(Findability)}")
        return Findability.PRIVATE


def _outputs(node: Node, *, dataset: str) -> tuple[Output, ...]:
    zip_file = f"{dataset}.zip"
    outputs = [_output(output, zip_file=zip_file) for output in node.children()]
    if all(output.kind != "zip" for output in outputs):
        outputs.append(Output(kind="zip", parameters={"out-file": zip_file}))
    return tuple(outputs)


def _output(node: Node, *, zip_file: str) -> Output:
    if node.required().mapping() is None:
        return Output(kind="", parameters={})
    kind = node.child("kind").required().text() or ""
    parameters = node.child("parameters").mapping() or {}
    if kind == "zip":
        file = node.child("parameters").child("out-file")
        given = zip_file if file.value is None else file.name()
        parameters = {**parameters, "out-file": given}
    return Output(kind=kind, parameters=parameters)
