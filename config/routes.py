"""Every path that is served, as people write it: /jobs/{job_id}."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

CAPTURED = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True)
class Route:
    path: str
    view: Callable[..., Any]


def django_path(route: str) -> str:
    return "/" + CAPTURED.sub(r"{\1}", route)


def waiting_path(pattern: str) -> str:
    return GROUP.sub(r"{\1}", pattern)


def django_routes() -> Iterator[Route]:
    """Give each route of Django's but those of the admin."""
    yield from _below(get_resolver().url_patterns, "")


def waiting_routes() -> Iterator[tuple[str, str]]:
    """Give the kind and path of each door that waits."""
    for kind, pattern, _ in settings.WAITING_DOORS:
        yield kind, waiting_path(pattern)


def _below(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLPattern):
            yield Route(django_path(route), one.callback)
        elif not route.startswith("admin/"):
            yield from _below(one.url_patterns, route)
