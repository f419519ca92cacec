"""Whether and how a redirect is followed."""

from collections.abc import Mapping

from tasks.outbound.errors import Blocked
from tasks.outbound.urls import Target, join

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def next_target(
    method: str, target: Target, status: int, headers: Mapping[str, str]
) -> Target | None:
    """Return where to go next, or None when the reply is for the caller.

    A POST is never sent on: the caller may sign it for one receiver.
    """
    location = headers.get("Location")
    if method not in {"GET", "HEAD"} or status not in _REDIRECTS or not location:
        return None
    following = join(target, location)
    if target.scheme == "https" and following.scheme == "http":
        raise Blocked(f"{target.shown} redirects from https to http.", code="downgrade")
    return following
