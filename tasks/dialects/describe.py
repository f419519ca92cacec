"""The words in which a dialect describes itself: OpenAPI 3.1, as plain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Paths = dict[str, dict[str, Json]]

ANY: Json = {}
TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}
NUMBER: Json = {"type": "number"}
TRUTH: Json = {"type": "boolean"}
NOTHING: Json = {"type": "null"}
UUID: Json = {"type": "string", "format": "uuid"}
TIME: Json = {"type": "string", "format": "date-time"}
BYTES: Json = {"contentMediaType": "application/octet-stream"}
JSON, PLAIN, FILE = "application/json", "text/plain", "*/*"
AGAIN = ("Retry-After",)


@dataclass(frozen=True)
class Fragment:
    """What one dialect has to say; `page` is its page in docs/."""

    tag: str
    about: str
    paths: Paths
    page: str = ""
    schemas: Json = field(default_factory=dict)
    security: Json = field(default_factory=dict)


def maybe(schema: Json) -> Json:
    return {"anyOf": [schema, NOTHING]}


def many(items: Json, **limits: int) -> Json:
    return {"type": "array", "items": items, **limits}


def by_name(values: Json) -> Json:
    return {"type": "object", "additionalProperties": values}


def one_of(words: Iterable[str]) -> Json:
    return {"type": "string", "enum": [str(word) for word in words]}


def named(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: Json, optional: Json | None = None, *, more: bool = False) -> Json:
    """Write an object with these fields, and with no others unless `more`."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": more,
    }


def parameter(
    name: str, about: str, schema: Json = TEXT, *, place: str = "query"
) -> Json:
    return {"name": name, "in": place, "description": about, "schema": schema}


IDEMPOTENCY_KEY = parameter(
    "Idempotency-Key",
    "The same key with the same request gets the first reply again.",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    place="header",
)


def reply(
    about: str,
    schema: Json | None = None,
    *,
    kind: str = JSON,
    headers: Sequence[str] = (),
) -> Json:
    told: Json = {"description": about}
    if schema is not None:
        told["content"] = {kind: {"schema": schema}}
    if headers:
        told["headers"] = {name: {"schema": TEXT} for name in headers}
    return told


def operation(  # noqa: PLR0913 - an operation is what it is
    summary: str,
    replies: Mapping[int, Json],
    *,
    about: str = "",
    parameters: Sequence[Json] = (),
    body: Json | None = None,
    needs_body: bool = True,
    security: Sequence[str] | None = None,
) -> Json:
    """Describe a method of a path; of `security` any one will do, "" is none."""
    told: Json = {"summary": summary}
    if about:
        told["description"] = about
    if parameters:
        told["parameters"] = list(parameters)
    if body is not None:
        content = {JSON: {"schema": body}}
        told["requestBody"] = {"required": needs_body, "content": content}
    told["responses"] = {str(status): one for status, one in replies.items()}
    if security is not None:
        told["security"] = [{name: []} if name else {} for name in security]
    return told
