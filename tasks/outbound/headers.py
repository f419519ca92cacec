"""Which headers a caller may send, and to whom."""

import re
from collections.abc import Mapping

from tasks.outbound.errors import Blocked
from tasks.outbound.urls import Target

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
# These say who is spoken to and where a message ends, which is not the caller's.
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Any other header may be a key to the first origin, under a name only it knows.
_FOR_EVERYONE = frozenset(
    {
        "accept",
        "accept-language",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "user-agent",
    }
)


def check_headers(headers: Mapping[str, str], target: Target) -> None:
    """Raise Blocked, without the value, for a header that cannot be sent."""
    for name, value in headers.items():
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise Blocked(f"A header for {target.shown} is malformed.", code="header")
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            raise Blocked(
                f"The header {name} is not for callers to set.", code="header"
            )


def headers_for(
    headers: Mapping[str, str], before: Target, after: Target
) -> Mapping[str, str]:
    """Keep secrets with the origin they were meant for."""
    if before.origin == after.origin:
        return headers
    return {
        name: value for name, value in headers.items() if name.lower() in _FOR_EVERYONE
    }
