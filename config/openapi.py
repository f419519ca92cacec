"""The whole API in one document: what each dialect says of itself, put together.

drf-spectacular would read the views, but these parse by themselves, and a half of the
doors are functions outside of Django's routes: it would see neither their bodies nor
their errors. So each dialect has an `openapi.py` next to its `wire.py`; tests hold the
document to the routes, to the replies in tests/wire, and to what the service answers.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from tasks.dialects.describe import (
    PLAIN,
    TEXT,
    Fragment,
    Json,
    by_name,
    operation,
    reply,
)

# Literal requests and replies, made of tests/wire by `make examples`.
EXAMPLES = Path(__file__).with_name("openapi_examples.json")
ABOUT = """Entrepot takes data in from anywhere, keeps every version, and hands it out
in the form each client asks for. Five dialects have five ways to say what is wrong."""

SERVICE = Fragment(
    tag="service",
    about="Is it well, and how is it doing.",
    page="operations",
    paths={
        "/healthz": {
            "get": operation(
                "Does the event loop answer",
                {200: reply("ok", TEXT, kind=PLAIN)},
                security=[""],
            )
        },
        "/readyz": {
            "get": operation(
                "Are database, store and a worker there",
                {
                    200: reply("All are.", by_name(TEXT)),
                    503: reply("Which is not, and why.", by_name(TEXT)),
                },
                security=[""],
            )
        },
        "/metrics": {
            "get": operation(
                "Figures for Prometheus",
                {
                    200: reply("The page.", TEXT, kind=PLAIN),
                    401: reply("Not this machine, and no key.", TEXT, kind="*/*"),
                },
                security=["metricsKey", ""],
            )
        },
        "/openapi.json": {
            "get": operation(
                "This document", {200: reply("It.", {"type": "object"})}, security=[""]
            )
        },
    },
    security={
        "metricsKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of scope `metrics`; this machine needs none.",
        }
    },
)


@cache
def fragments() -> tuple[Fragment, ...]:
    names = [f"{name}.openapi.FRAGMENT" for name in settings.API_DIALECTS]
    return (*(import_string(name) for name in names), SERVICE)


@cache
def document() -> Json:
    """Return the document, OpenAPI 3.1."""
    whole: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Entrepot", "version": "1", "description": ABOUT},
        "tags": [_tag(one) for one in fragments()],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    for one in fragments():
        _add(whole["components"]["schemas"], one.schemas)
        _add(whole["components"]["securitySchemes"], one.security)
        _add(whole["paths"], {p: _path(p, ops, one) for p, ops in one.paths.items()})
    _illustrate(whole["paths"], json.loads(EXAMPLES.read_text(encoding="utf-8")))
    return whole


@cache
def _text() -> bytes:
    return json.dumps(document(), ensure_ascii=False).encode()


def serve(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_text(), content_type="application/json")


def _tag(one: Fragment) -> Json:
    page = {"url": f"/docs/{one.page}", "description": "How to use it"}
    return {"name": one.tag, "description": one.about, "externalDocs": page}


def _add(there: Json, more: Json) -> None:
    if twice := there.keys() & more.keys():
        raise ValueError(f"Two dialects describe {', '.join(sorted(twice))}.")
    there |= more


def _path(path: str, operations: dict[str, Json], one: Fragment) -> Json:
    item: Json = {
        method: {
            "operationId": _id(method, path),
            "tags": [one.tag],
            **told,
        }
        for method, told in operations.items()
    }
    if names := re.findall(r"\{(\w+)\}", path):
        item["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _part(name)}
            for name in names
        ]
    return item


def _part(name: str) -> Json:
    return {"type": "integer", "minimum": 0} if name == "index" else TEXT


def _id(method: str, path: str) -> str:
    return "_".join([method, *re.findall(r"\w+", path)])


def _illustrate(paths: Json, examples: Json) -> None:
    """Put examples into the operations that they are of."""
    for key, told in examples.items():
        method, path = key.split(" ")
        one = paths[path][method.lower()]
        _show(one.get("requestBody", {}), told["requests"])
        for status, shown in told["replies"].items():
            _show(one["responses"][status], shown)


def _show(place: dict[str, Any], examples: Json) -> None:
    for content in place.get("content", {}).values():
        if examples:
            content["examples"] = examples
