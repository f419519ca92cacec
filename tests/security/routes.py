"""Every route there is: Django's, and those of the doors that wait."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
Patterns = list[URLPattern | URLResolver]


def routes() -> set[tuple[str, str]]:
    """Return (method, path) of all but the admin's; a WebSocket's method is WS."""
    return {*_of_django(get_resolver().url_patterns), *_that_wait()}


def admin_paths() -> list[str]:
    """Return every path of the admin, with a row of a number that is nobody's."""
    found = _paths([p for p in get_resolver().url_patterns if _is_admin(p)])
    return sorted({re.sub(r"\{\w+\}", "1", path) for path, _ in found})


def _is_admin(pattern: URLPattern | URLResolver) -> bool:
    return str(pattern.pattern).startswith("admin/")


def _of_django(patterns: Patterns) -> Iterator[tuple[str, str]]:
    for path, view in _paths([p for p in patterns if not _is_admin(p)]):
        for method in _methods(view):
            yield method, path


def _paths(patterns: Patterns, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + _readable(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern.url_patterns, path)
        else:
            yield f"/{path}", pattern.callback


def _readable(pattern: str) -> str:
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named).strip("^$")


def _methods(view: Any) -> list[str]:
    """Return what a class answers; a function is asked by GET alone."""
    made = getattr(view, "view_class", None) or getattr(view, "cls", None)
    answered = [one.upper() for one in METHODS if made and hasattr(made, one)]
    return answered or ["GET"]


def _that_wait() -> Iterator[tuple[str, str]]:
    for kind, pattern, _ in settings.WAITING_DOORS:
        yield "WS" if kind == "websocket" else kind, _readable(pattern)
