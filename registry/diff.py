"""What changed between two documents, place by place."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PLAIN_KEY = re.compile(r"[\w-]{1,60}")
MOST_LISTED = 1000
MOST_CHARACTERS = 200
# Written by the server at each upload, so that it always differs.
OURS = "meta.update_time"

Json = dict[str, Any]


@dataclass(slots=True)
class Diff:
    """Changes in the order of their places; all are counted, not all listed."""

    added: list[Json] = field(default_factory=list)  # path, value
    removed: list[Json] = field(default_factory=list)  # path, value
    changed: list[Json] = field(default_factory=list)  # path, before, after
    counts: dict[str, int] = field(
        default_factory=lambda: {"added": 0, "removed": 0, "changed": 0}
    )

    def note(self, kind: str, **words: Any) -> None:
        self.counts[kind] += 1
        listed: list[Json] = getattr(self, kind)
        if len(listed) < MOST_LISTED:
            listed.append(words)


def diff(before: object, after: object) -> Diff:
    """Compare two JSON documents, such as two specs.

    Objects are compared by key, and so are lists of objects that have names, which
    then stand in the path: `resources[name="a"].path`. Other lists go by position.
    A value longer than 200 characters as JSON is shown as the beginning of that.
    """
    found = Diff()
    for path, old, new in _differences(before, after, ""):
        if path == OURS:
            continue
        if old is MISSING:
            found.note("added", path=path, value=_clipped(new))
        elif new is MISSING:
            found.note("removed", path=path, value=_clipped(old))
        else:
            found.note("changed", path=path, before=_clipped(old), after=_clipped(new))
    return found


class _Missing:
    """Stands for a value that is not there, which null is not."""


MISSING = _Missing()
Difference = tuple[str, object, object]


def _differences(old: object, new: object, path: str) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            step = _step(path, key)
            yield from _differences(old.get(key, MISSING), new.get(key, MISSING), step)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _differences_of_lists(old, new, path)
    elif not _equal(old, new):
        yield path, old, new


def _differences_of_lists(
    old: list[Any], new: list[Any], path: str
) -> Iterator[Difference]:
    olds, news = _by_name(old), _by_name(new)
    if olds is None or news is None:
        for at in range(max(len(old), len(new))):
            step = f"{path}[{at}]"
            yield from _differences(_at(old, at), _at(new, at), step)
        return
    orders = [[n for n in names if n in olds and n in news] for names in (olds, news)]
    if orders[0] != orders[1]:
        yield f"{path} (order)", orders[0], orders[1]
    for name in dict.fromkeys((*olds, *news)):
        step = f"{path}[name={json.dumps(name[:60], ensure_ascii=False)}]"
        yield from _differences(olds.get(name, MISSING), news.get(name, MISSING), step)


def _by_name(items: list[Any]) -> dict[str, Json] | None:
    """Return objects by their names; None unless each has one of its own."""
    named = {
        item["name"]: item
        for item in items
        if isinstance(item, dict) and isinstance(item.get("name"), str)
    }
    return named if len(named) == len(items) else None


def _at(items: list[Any], at: int) -> object:
    return items[at] if at < len(items) else MISSING


def _equal(old: object, new: object) -> bool:
    # To Python True is 1, to JSON it is not.
    return isinstance(old, bool) == isinstance(new, bool) and old == new


def _step(path: str, key: str) -> str:
    if PLAIN_KEY.fullmatch(key) is None:
        return f"{path}[{json.dumps(key[:60], ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _clipped(value: object) -> object:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
