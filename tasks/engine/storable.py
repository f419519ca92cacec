"""Values made fit for every database, whatever a source or a handler put in them."""

from collections.abc import Mapping
from math import isfinite
from typing import Any


def storable(value: Any) -> Any:
    """Return `value` as JSON that both PostgreSQL and SQLite take.

    PostgreSQL stores neither NUL nor NaN, and nothing stores a lone surrogate.
    """
    if isinstance(value, str):
        return fit(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {fit(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [storable(item) for item in value]
    return fit(str(value))


def fit(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
