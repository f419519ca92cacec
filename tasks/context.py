"""What is being done here and now: every line that is logged meanwhile says so."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_fields: ContextVar[dict[str, Any] | None] = ContextVar("fields", default=None)


@contextmanager
def bound(fields: Mapping[str, Any]) -> Iterator[None]:
    """Have these fields in each line until the block ends, and what is noted in it.

    A thread that runs in a copy of this context notes into the same fields.
    """
    token = _fields.set(dict(fields))
    try:
        yield
    finally:
        _fields.reset(token)


def note(**more: Any) -> None:
    """Add to the fields of the block around this; without one, do nothing."""
    here = _fields.get()
    if here is not None:
        here.update(more)


def known() -> Mapping[str, Any]:
    return _fields.get() or {}
