"""The resources of a spec: what to fetch, and how processing reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urljoin, urlsplit

from registry.spec_read import NAME_MAX, Node, is_absolute, is_name_character

# Each resource becomes up to four pipelines, so one upload stays thousands of rows.
MAX_RESOURCES = 1_000
COMPRESSIONS = {".gz", ".zip"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabulator:
    """How rows are found in a file; row numbers count the file's rows from 1."""

    headers: int | tuple[str, ...] | None  # the row of the headers, or the headers
    skip_rows: int  # no row up to this number is data
    sheet: int | str | None  # from 1, or by name
    options: Json  # whatever else was set, such as delimiter


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One stream of data to publish.

    It has either a `url` to fetch or inline `data`. `source` is its name in the
    descriptor: other than `name` only where processing gave it a new one.
    """

    name: str
    source: str
    url: str | None
    data: object
    path: str | None
    tabular: bool
    format: str | None
    mediatype: str | None
    encoding: str | None
    title: str | None
    description: str | None
    schema: Json | None
    dialect: Json | None
    tabulator: Tabulator | None
    descriptor: Json = field(repr=False)  # as uploaded


def read_resources(package: Node) -> list[Resource]:
    """Read the resources of an input that has a descriptor, before processing."""
    parameters = package.child("parameters")
    mapping = parameters.child("resource-mapping")
    for key in mapping.mapping() or {}:
        mapping.child(key).required().url()
    resources = parameters.child("descriptor").child("resources")
    nodes = resources.children()
    if len(nodes) > MAX_RESOURCES:
        resources.fault(f"has more than {MAX_RESOURCES} resources")
        return []
    found: dict[str, Resource] = {}
    for node in nodes:
        if node.required().mapping() is None:
            continue
        resource = _resource(node, mapping=mapping, base=package.child("url"))
        if resource.name in found:
            node.child("name").fault(f"{resource.name[:60]!r} is used twice")
        if resource.name:
            found[resource.name] = resource
    return list(found.values())


def _resource(node: Node, *, mapping: Node, base: Node) -> Resource:
    descriptor = node.mapping() or {}
    path = _path(node)
    name = _resource_name(node.child("name"), path)
    url = _url(path, name=name, mapping=mapping, base=base)
    _check_it_has_a_source(node, path=path, url=url, base=base)
    schema = _schema(node.child("schema"))
    format_ = node.child("format").text() or _format(path or url)
    return Resource(
        name=name,
        source=name,
        url=url,
        data=descriptor.get("data") if url is None else None,
        path=path,
        # The original planner never read geojson as a table, whatever its schema.
        tabular=schema is not None and format_ != "geojson",
        format=format_,
        mediatype=node.child("mediatype").text(),
        encoding=node.child("encoding").text(),
        title=node.child("title").text(),
        description=node.child("description").text(),
        schema=schema,
        dialect=node.child("dialect").mapping(),
        tabulator=None,
        descriptor=descriptor,
    )


def _path(resource: Node) -> str | None:
    path = resource.child("path")
    if not isinstance(path.value, list):
        return path.location()
    parts = path.children()
    if len(parts) != 1:
        path.fault("should be one path: data in several parts is not supported")
        return None
    return parts[0].required().location()


def _resource_name(node: Node, path: str | None) -> str:
    if node.value is not None or path is None:
        return node.name()
    stem = _file(path).stem.lstrip(".")[:NAME_MAX]
    return Node(
        "".join(char if is_name_character(char) else "-" for char in stem),
        node.path,
        node.faults,
    ).name()


def _url(path: str | None, *, name: str, mapping: Node, base: Node) -> str | None:
    for key in (path, name):
        mapped = mapping.child(key).value if key else None
        if isinstance(mapped, str):
            return mapped
    if path is None or is_absolute(path):
        return path
    try:
        return urljoin(base.value, path) if isinstance(base.value, str) else None
    except ValueError:  # the base is no URL, which is noted where it stands
        return None


def _check_it_has_a_source(
    node: Node,
    *,
    path: str | None,
    url: str | None,
    base: Node,
) -> None:
    data = node.child("data")
    if data.value is not None:
        if not isinstance(data.value, list | dict | str):
            data.fault("should be a list, an object or a string")
        if node.child("path").value is not None:
            node.fault("has both a path and data")
    elif url is None and path is not None and base.value is None:
        node.child("path").fault(f"is relative, and {base.path} is missing")
    elif url is None:
        node.child("path").required()


def _file(location: str) -> PurePosixPath:
    """Name the file, without its query and without .gz or .zip after its suffix."""
    try:
        plain = urlsplit(location).path if is_absolute(location) else location
    except ValueError:  # no URL, which is noted where it stands
        return PurePosixPath()
    file = PurePosixPath(plain)
    packed = file.suffix.lower() in COMPRESSIONS and len(file.suffixes) > 1
    return file.with_suffix("") if packed else file


def _format(location: str | None) -> str | None:
    return _file(location or "").suffix[1:].lower() or None


def _schema(node: Node) -> Json | None:
    for column in node.child("fields").children():
        if column.required().mapping() is not None:
            column.child("name").required().text()
    return node.mapping()


def processed(processing: Node, sources: list[Resource]) -> Iterator[Resource]:
    """Put what processing makes of a resource in the place of that resource."""
    by_name = {source.name: source for source in sources}
    entries = processing.children()
    if len(entries) > MAX_RESOURCES:
        processing.fault(f"has more than {MAX_RESOURCES} entries")
        entries = []
    inputs = [entry.child("input").value for entry in entries]
    taken = by_name.keys() - {name for name in inputs if isinstance(name, str)}
    made: dict[str, list[Resource]] = {}
    for entry in entries:
        resource = _process(entry, by_name)
        if resource is None:
            continue
        if resource.name in taken:
            entry.child("output").fault(f"{resource.name[:60]!r} is used twice")
        taken.add(resource.name)
        made.setdefault(resource.source, []).append(resource)
    for source in sources:
        yield from made.get(source.name, [source])


def _process(entry: Node, by_name: Mapping[str, Resource]) -> Resource | None:
    name = entry.child("input").text()
    if entry.required().mapping() is None:
        return None
    if entry.child("dpp").value is not None:
        entry.child("dpp").fault("not supported by the internal runner")
    if name is None:
        entry.child("input").required()
        return None
    source = by_name.get(name)
    if source is None:
        entry.child("input").fault("names no resource of the descriptor")
        return None
    output = entry.child("output")
    settings = entry.child("tabulator")
    return replace(
        source,
        name=source.name if output.value is None else output.name(),
        tabular=True,
        tabulator=_tabulator(settings),
        schema=_schema(entry.child("schema")) or source.schema,
        format=settings.child("format").text() or source.format,
        encoding=settings.child("encoding").text() or source.encoding,
    )


def _tabulator(node: Node) -> Tabulator | None:
    settings = node.mapping()
    if settings is None:
        return None
    named = {"headers", "skip_rows", "sheet", "format", "encoding"}
    return Tabulator(
        headers=_headers(node.child("headers")),
        skip_rows=node.child("skip_rows").integer(at_least=0) or 0,
        sheet=_sheet(node.child("sheet")),
        options={key: settings[key] for key in settings.keys() - named},
    )


def _headers(headers: Node) -> int | tuple[str, ...] | None:
    if not isinstance(headers.value, list):
        return headers.integer(at_least=1)
    if not headers.value:
        headers.fault("is an empty list")
    return tuple(header.required().text() or "" for header in headers.children())


def _sheet(sheet: Node) -> int | str | None:
    if isinstance(sheet.value, str) and sheet.value:
        return sheet.value
    return sheet.integer(at_least=1)
