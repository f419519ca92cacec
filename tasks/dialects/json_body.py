"""A request's JSON body: its size, and whether it is JSON at all."""

from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http.request import (
    HttpRequest,
    RawPostDataException,
    UnreadablePostError,
)
from rest_framework.request import Request

from tasks.errors import EntrepotError


class BadJson(EntrepotError):
    """The body says that it is JSON and is not."""


class BodyTooLarge(EntrepotError):
    """The body is larger than this service reads."""


def read_json(request: Request) -> Any:
    """Return the decoded body; None for no JSON content type, no body, or `null`.

    Numbers are finite, text holds no lone surrogates, nesting ends at 1,024 levels:
    that is the parser's own strictness.

    Raises:
        BadJson: the body is malformed, or broke off.
        BodyTooLarge: it is over MAX_BODY_MB.
    """
    if not _is_json(request.content_type or ""):
        return None
    body = raw_body(request)
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadJson(f"The body is not JSON: {error}") from None


def raw_body(request: HttpRequest) -> bytes:
    """Return the body as it came. Raises BodyTooLarge, and BadJson if it broke off."""
    try:
        return request.body
    except RequestDataTooBig:
        most = settings.MAX_BODY_MB
        raise BodyTooLarge(f"The body is larger than {most} MB.") from None
    except (UnreadablePostError, RawPostDataException):
        raise BadJson("The body could not be read.") from None


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")
