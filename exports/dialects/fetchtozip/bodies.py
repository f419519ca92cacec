"""Request bodies: JSON, then the model, then what is wrong in the shape of a 422."""

import json
import re
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from rest_framework.request import Request

from exports import services
from exports.dialects.fetchtozip.faults import Unprocessable, from_faults, from_pydantic
from exports.request import MOST_COLUMNS, Configuration, Input
from exports.request_faults import faults_of
from tasks.dialects.json_body import BadJson, raw_body

T = TypeVar("T")
INPUT: TypeAdapter[Input] = TypeAdapter(Input)
INPUTS: TypeAdapter[list[Input]] = TypeAdapter(list[Input])
CONFIGURATION: TypeAdapter[Configuration] = TypeAdapter(Configuration)
# Strings are matched too, so that a NaN inside one is not taken for the value.
NOT_FINITE = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')


def read_input(request: Request) -> Input:
    return _read(INPUT, _json(request))


def read_inputs(request: Request) -> list[Input]:
    body = _json(request)
    if isinstance(body, list) and len(body) > MOST_COLUMNS:
        # Before each of them is looked at, and complained of.
        raise Unprocessable([_too_long(len(body))])
    return _read(INPUTS, body)


def read_configuration(request: Request) -> Configuration:
    body = _json(request)
    configuration = _read(CONFIGURATION, body)
    faults = list(
        faults_of(
            configuration,
            databases=services.databases(),
            cluster=services.has_cluster(),
        )
    )
    if faults:
        raise Unprocessable(from_faults(faults, body))
    return configuration


def _read(model: TypeAdapter[T], body: Any) -> T:
    if body is None:
        missing = {"type": "missing", "loc": ["body"], "msg": "Field required"}
        raise Unprocessable([{**missing, "input": None}])
    try:
        return model.validate_python(body, from_attributes=True)
    except ValidationError as error:
        raise Unprocessable(from_pydantic(error)) from None


def _json(request: Request) -> Any:
    """Return the body as JSON, whatever its content type says; None without one."""
    try:
        raw = raw_body(request)
    except BadJson:
        raise _not_json(0, "The body could not be read") from None
    return _decoded(raw) if raw else None


def _decoded(raw: bytes) -> Any:
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError as error:
        raise _not_json(error.start, f"Not {error.encoding}: {error.reason}") from None
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise _not_json(error.pos, error.msg) from None
    except RecursionError:
        raise _not_json(0, "Nested too deeply") from None
    except ValueError as error:
        found = (one for one in NOT_FINITE.finditer(text) if one[1])
        place = next(found, None)
        raise _not_json(place.start() if place else 0, str(error)) from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _not_json(position: int, why: str) -> Unprocessable:
    return Unprocessable(
        [
            {
                "type": "json_invalid",
                "loc": ["body", position],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": why},
            }
        ]
    )


def _too_long(length: int) -> dict[str, Any]:
    return {
        "type": "too_long",
        "loc": ["body"],
        "msg": f"List should have at most {MOST_COLUMNS} items, not {length}",
        "input": [],
        "ctx": {
            "field_type": "List",
            "max_length": MOST_COLUMNS,
            "actual_length": length,
        },
    }
