"""A fault of a configuration, and those of an address."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.outbound import BadUrl
from tasks.outbound.urls import parse


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in the words of pydantic's errors."""

    loc: tuple[str | int, ...]
    type: str
    msg: str
    ctx: dict[str, Any] = field(default_factory=dict)


def url_faults(url: str | None, place: tuple[str | int, ...]) -> Iterator[Fault]:
    if url is None:
        return
    try:
        parse(url)
    except BadUrl as error:
        authority = url.partition("//")[2].partition("/")[0]
        if "@" in authority:
            why = "Input should hold no user name or password: send `auth` instead"
        else:
            why = f"Input should be an http(s) URL: {error}"
        yield Fault(place, "url_parsing", why)
