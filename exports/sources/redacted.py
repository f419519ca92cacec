"""Requests to a source as people may see them."""

from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from tasks.outbound.urls import parse

HIDDEN = "***"


def redacted(url: str, *, plain: Collection[str] = ()) -> str:
    """Return a URL with the names of its parameters; only `plain` ones keep values."""
    pairs = [one for one in urlsplit(url).query.split("&") if one]
    shown = "&".join(_shown(pair, plain) for pair in pairs)
    return f"{parse(url).shown}?{shown}" if shown else parse(url).shown


def _shown(pair: str, plain: Collection[str]) -> str:
    name, equals, _ = pair.partition("=")
    if not equals:
        return HIDDEN  # a bare word may be the secret itself
    return pair if unquote_plus(name) in plain else f"{name}={HIDDEN}"


def request_shown(
    url: str, headers: Iterable[str], *, plain: Collection[str] = ()
) -> dict[str, Any]:
    """Describe a GET: of its headers the names alone."""
    return {
        "method": "GET",
        "url": redacted(url, plain=plain),
        "headers": sorted({"Accept", *headers}),
    }
