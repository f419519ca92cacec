"""Errors as problem details (RFC 9457)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from rest_framework.exceptions import MethodNotAllowed

from tasks.dialects.jobs.auth import CHALLENGE, NotAuthenticated
from tasks.dialects.jobs.query import BadParameter
from tasks.dialects.json_body import BodyTooLarge
from tasks.engine.hub import Closing, JobGone, TooManyWaits
from tasks.errors import Overloaded, TooManyJobs
from tasks.idempotency import HEADER, BadKey, KeyInUse, KeyReused
from tasks.lookup import NoSuchJob

CONTENT_TYPE = "application/problem+json"
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}  # RFC 9110


@dataclass(eq=False)
class Problem(Exception):
    """An answer that is no success; `more` are members beyond those of the RFC."""

    status: int
    detail: str
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def body(self, *, instance: str) -> bytes:
        title = PHRASES.get(self.status) or HTTPStatus(self.status).phrase
        told = {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        return orjson.dumps(told | self.more)


def _told(status: int, **headers: str) -> Callable[[Any], Problem]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda error: Problem(status, str(error), named)


def _later(status: int) -> Callable[[Any], Problem]:
    def problem(error: Any) -> Problem:
        return Problem(status, str(error), {"Retry-After": str(error.retry_after_s)})

    return problem


def _parameter(status: int, name: str) -> Callable[[Any], Problem]:
    return lambda error: Problem(status, str(error), more={"parameter": name})


NO_JOB = str(NoSuchJob())
PROBLEMS: dict[type[Exception], Callable[[Any], Problem]] = {
    Problem: lambda problem: problem,
    BadParameter: lambda error: Problem(
        400, str(error), more={"parameter": error.name}
    ),
    BadKey: _parameter(400, HEADER),
    NotAuthenticated: lambda error: Problem(401, str(error), dict(CHALLENGE)),
    NoSuchJob: _told(404),
    JobGone: lambda _: Problem(404, NO_JOB),
    MethodNotAllowed: _told(405),
    KeyInUse: _later(409),
    BodyTooLarge: _told(413),
    KeyReused: _parameter(422, HEADER),
    TooManyJobs: _later(429),
    TooManyWaits: _later(429),
    Overloaded: _later(503),
    Closing: lambda _: Problem(
        503, "The service restarts; ask again.", {"Retry-After": "1"}
    ),
}


def problem_of(error: Exception) -> Problem | None:
    """Return the answer to an error; None for one that is our own fault."""
    found = PROBLEMS.get(type(error))
    return found(error) if found else None
