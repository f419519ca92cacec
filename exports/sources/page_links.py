"""Links to the next page: RFC 8288, and which headers may go where they lead."""

import re
from collections.abc import Iterator, Mapping

from exports.sources.page_requests import encoded_reference
from tasks.outbound.headers import headers_for
from tasks.outbound.urls import join, parse

_LINK = re.compile(
    r"""\s*<(?P<target>[^>]*)>
        (?P<params>(?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,]*))?)*)
        \s*(?:,|$)""",
    re.VERBOSE,
)
_PARAM = re.compile(
    r""";\s*(?P<name>[^\s=;,]+)
        (?:\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s;,]*)))?""",
    re.VERBOSE,
)


def next_link(header: str) -> str:
    """Return the reference of relation `next` in a Link header; empty if none."""
    for target, params in _links(header):
        relations = params.get("rel", "").lower().split()
        if "next" in relations and "anchor" not in params:
            return target
    return ""


def resolved(base: str, reference: str) -> str:
    """Return the URL a reference names. Raises BadUrl or UnicodeEncodeError."""
    return join(parse(base), encoded_reference(reference)).url


def is_downgrade(source: str, url: str) -> bool:
    return parse(source).scheme == "https" and parse(url).scheme == "http"


def headers_to(url: str, *, source: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers for a page, without secrets when it is on another origin."""
    return {"Accept": "*/*", **headers_for(headers, parse(source), parse(url))}


def host_of(url: str) -> str:
    target = parse(url)
    return f"{target.host}:{target.port}"


def shown(url: str) -> str:
    """Return a URL without its query, which may hold a secret."""
    return parse(url).shown


def _links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    while found := _LINK.match(header, at):
        params: dict[str, str] = {}
        for param in _PARAM.finditer(found["params"]):
            value = param["bare"] or re.sub(r"\\(.)", r"\1", param["quoted"] or "")
            params.setdefault(param["name"].lower(), value)
        yield found["target"], params
        at = found.end()
