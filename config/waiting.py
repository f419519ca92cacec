"""The doors that wait: which there are, how many they hold, how their errors end."""

import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.module_loading import import_string

from config.gate import Barred
from config.routes import waiting_path
from tasks import context
from tasks.engine.hub import Closing, TooManyWaits
from tasks.errors import Overloaded, Refused, TooManyJobs

Handler = Callable[..., Awaitable[Any]]

# WebSocket's close codes: RFC 6455, 7.4, and IANA's registry.
POLICY, FAULT, RESTART, LATER = 1008, 1011, 1012, 1013
RETRY_AFTER_S = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Door:
    kind: str
    path: re.Pattern[str]
    handler: Handler
    shown: str


@dataclass(frozen=True)
class Found:
    """A door's function, and what the groups of its pattern found."""

    handler: Handler
    groups: dict[str, str]


@dataclass(frozen=True)
class Verdict:
    """How an error is told: as an HTTP status, or as the code of a close."""

    status: int
    code: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


@cache
def doors() -> tuple[Door, ...]:
    """Import every waiting door, so that a wrong name stops the start."""
    return tuple(
        Door(kind, re.compile(path), import_string(name), waiting_path(path))
        for kind, path, name in settings.WAITING_DOORS
    )


def find(kind: str, path: str) -> Found | None:
    """Return the door of a method, or of `websocket`, at a path."""
    for door in doors():
        if door.kind == kind and (match := door.path.fullmatch(path)):
            context.note(route=door.shown)
            return Found(door.handler, match.groupdict())
    return None


class Held:
    """The connections that waiting doors hold open in this process."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one more while it lasts.

        Raises:
            Overloaded: there are as many as may be.
        """
        if self.count >= settings.MAX_WAITS:
            message = "As many wait here as the service can hold."
            raise Overloaded(message, retry_after_s=RETRY_AFTER_S)
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


held = Held()


def verdict_of(error: Exception) -> Verdict:
    """Judge what a door did not turn into its own words; our own faults are logged."""
    match error:
        case Barred():
            return Verdict(error.status, POLICY, str(error), error.headers)
        case Refused():
            theirs = isinstance(error, TooManyWaits | TooManyJobs)
            later = {"Retry-After": str(error.retry_after_s)}
            return Verdict(429 if theirs else 503, LATER, str(error), later)
        case Closing():
            message = "The service restarts; ask again."
            return Verdict(503, RESTART, message, {"Retry-After": "1"})
        case SuspiciousOperation():
            return Verdict(400, POLICY, str(error))
    log.error("waiting door failed", exc_info=error)
    return Verdict(500, FAULT, "")
