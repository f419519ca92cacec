"""Request bodies and queries of contract 004, read with the place of each fault."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.http import QueryDict
from rest_framework.request import Request

from tasks.collecting.services import AssetRequest
from tasks.dialects.json_body import BadJson, raw_body
from tasks.errors import EntrepotError
from tasks.models import OnFailure
from tasks.models.task import LONGEST_FILE_NAME
from tasks.outbound import OutboundError
from tasks.outbound.urls import parse
from tasks.processors import known_names

MOST_FAULTS = 10
DEEPEST = 16
LONGEST_ATTRIBUTES = 64 << 10  # bytes of JSON, of one asset
PLAIN_UUID = re.compile(
    r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}",
    re.IGNORECASE | re.ASCII,
)
NO_NUL = "may not contain the character U+0000"


class BadRequest(EntrepotError):
    """The request is not what the endpoint takes; the message names each place."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a create body may ask for beyond the contract, which has no body."""

    processor: str | None = None
    on_failure: str = OnFailure.CONTINUE


@dataclass(frozen=True, slots=True)
class Batch:
    task_id: UUID
    assets: list[AssetRequest]
    last: bool


def read_id(query: QueryDict) -> UUID:
    """Return the task that `?id=` names, or raise BadRequest."""
    given = query.getlist("id")
    if not given:
        raise BadRequest("id: is missing from the query.")
    if len(given) > 1:
        raise BadRequest("id: is there more than once.")
    found = _uuid(given[0])
    if found is None:
        raise BadRequest("id: is not a UUID.")
    return found


def read_wanted(request: Request) -> Wanted:
    """Return what the body asks for; without one, nothing."""
    body = _json(request)
    if body is None:
        return Wanted()
    if not isinstance(body, dict):
        raise BadRequest("The body is not an object.")
    _raise(_faults_of_wanted(body))
    on_failure = body.get("on_failure") or OnFailure.CONTINUE
    return Wanted(body.get("processor"), on_failure)


def read_batch(request: Request) -> Batch:
    """Return the assets of the body, all of them or none.

    Raises:
        BadRequest, BadJson, BodyTooLarge
    """
    body = _json(request)
    if not isinstance(body, dict):
        raise BadRequest("The body is not an object with task_id and data.")
    _raise(_faults_of_batch(body))
    assets = [
        AssetRequest(
            file_name=one["file_name"],
            attributes=one.get("attributes") or {},
            url=one["download_url"],
        )
        for one in body["data"]
    ]
    return Batch(UUID(body["task_id"]), assets, last=bool(body.get("last")))


def _json(request: Request) -> Any:
    """Return the body as JSON, whatever its content type says; None without one."""
    raw = raw_body(request)
    if not raw.strip():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadJson(f"The body is not JSON: {error}.") from None


def _raise(faults: Iterator[str]) -> None:
    found = [fault for _, fault in zip(range(MOST_FAULTS), faults, strict=False)]
    if found:
        raise BadRequest(f"{'; '.join(found)}.")


def _faults_of_wanted(body: Mapping[str, Any]) -> Iterator[str]:
    processor, on_failure = body.get("processor"), body.get("on_failure")
    if processor is not None and processor not in known_names():
        yield f"processor: is not one of {', '.join(known_names())}"
    if on_failure is not None and on_failure not in list(OnFailure):
        yield f"on_failure: is not one of {', '.join(OnFailure)}"
    if set(body) - {"processor", "on_failure"}:
        yield "the body may have the fields processor and on_failure, and no others"


def _faults_of_batch(body: Mapping[str, Any]) -> Iterator[str]:
    if "task_id" not in body:
        yield "task_id: is missing"
    elif not isinstance(body["task_id"], str) or _uuid(body["task_id"]) is None:
        yield "task_id: is not a UUID"
    if not isinstance(body.get("last"), bool | None):
        yield "last: is neither true nor false"
    data = body.get("data")
    if "data" not in body:
        yield "data: is missing"
    elif not isinstance(data, list):
        yield "data: is not a list"
    elif len(data) > settings.TASK_ASSETS_PER_BATCH:
        most = settings.TASK_ASSETS_PER_BATCH
        yield f"data: has {len(data)} assets, and a batch at most {most}"
    else:
        for number, one in enumerate(data):
            yield from _faults_of_asset(f"data[{number}]", one)


def _faults_of_asset(place: str, one: Any) -> Iterator[str]:
    if not isinstance(one, dict):
        yield f"{place}: is not an object"
        return
    for name in ("file_name", "download_url"):
        if name not in one:
            yield f"{place}.{name}: is missing"
    if "file_name" in one:
        named = f"{place}.file_name"
        yield from _faults_of_text(named, one["file_name"], LONGEST_FILE_NAME)
    if "download_url" in one:
        yield from _faults_of_url(f"{place}.download_url", one["download_url"])
    yield from _faults_of_attributes(f"{place}.attributes", one.get("attributes"))


def _faults_of_text(place: str, text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"{place}: is not a text"
    elif not text.strip():
        yield f"{place}: is empty"
    elif len(text) > most:
        yield f"{place}: is longer than {most} characters"
    elif "\0" in text:
        yield f"{place}: {NO_NUL}"


def _faults_of_url(place: str, url: Any) -> Iterator[str]:
    if not isinstance(url, str):
        yield f"{place}: is not a text"
        return
    try:
        parse(url)
    except OutboundError as error:
        yield f"{place}: {str(error).removesuffix('.')}"


def _faults_of_attributes(place: str, attributes: Any) -> Iterator[str]:
    given = {} if attributes is None else attributes
    if not isinstance(given, dict):
        yield f"{place}: is not an object"
        return
    for name in settings.TASK_ATTRIBUTES:
        if name not in given:
            yield f"{place}.{name}: is missing"
    if _too_deep(given):  # first of all: deeper ones stop the encoder itself
        yield f"{place}: is nested more than {DEEPEST} deep"
    elif len(orjson.dumps(given)) > LONGEST_ATTRIBUTES:
        yield f"{place}: is larger than {LONGEST_ATTRIBUTES >> 10} KiB"
    elif _has_nul(given):
        yield f"{place}: {NO_NUL}"


def _too_deep(value: Any) -> bool:
    inner, depth = [value], 0
    while inner:
        if depth == DEEPEST:
            return True
        inner = [one for outer in inner for one in _nested(outer)]
        depth += 1
    return False


def _nested(value: Any) -> list[Any]:
    found = value.values() if isinstance(value, dict) else value
    return [one for one in found if isinstance(one, dict | list)]


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def _uuid(text: str) -> UUID | None:
    return UUID(text) if PLAIN_UUID.fullmatch(text) else None
