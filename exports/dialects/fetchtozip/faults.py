"""The items of a 422: what is wrong and where, without the secrets around it."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from exports.errors import ExportError
from exports.request import SECRET_FIELDS, Aggregate, Configuration, Paging, SortKey
from exports.request_faults import Fault
from tasks.engine.storable import storable

Item = dict[str, Any]
Loc = tuple[int | str, ...]

MOST_ITEMS = 100
MOST_SHOWN = 50  # of a list or an object
LONGEST_SHOWN = 500  # of a text
DEEPEST_SHOWN = 5
HIDDEN = "***"
# Of fields and of texts that may hold what nobody but the sender should see.
SECRETIVE = re.compile(
    r"auth|header|token|secret|passw|pwd|key|credential|cookie|bearer", re.IGNORECASE
)
FIELDS = frozenset(Configuration.model_fields)
KNOWN = FIELDS.union(*(one.model_fields for one in (Paging, Aggregate, SortKey)))


class Unprocessable(ExportError):
    """The body is not what the endpoint takes; `items` say why."""

    def __init__(self, items: list[Item]) -> None:
        super().__init__(f"{len(items)} things are wrong with the body.")
        self.items = items


def from_pydantic(error: ValidationError) -> list[Item]:
    found = error.errors(include_url=False)[:MOST_ITEMS]
    return [_item(one, one["loc"], one["input"]) for one in found]


def from_faults(faults: Iterable[Fault], body: Any) -> list[Item]:
    items = []
    for fault in list(faults)[:MOST_ITEMS]:
        told: Item = {"type": fault.type, "msg": fault.msg}
        if fault.ctx:
            told["ctx"] = fault.ctx
        items.append(_item(told, fault.loc, _at(body, fault.loc)))
    return items


def _item(told: Mapping[str, Any], loc: Loc, value: Any) -> Item:
    item: Item = {
        "type": told["type"],
        "loc": ["body", *(_short(part) for part in loc)],
        "msg": _msg(told, loc),
        "input": _input(told["type"], loc, value),
    }
    # pydantic quotes an unknown tag there, which stands among secrets.
    if "ctx" in told and told["type"] != "union_tag_invalid":
        item["ctx"] = told["ctx"]
    fit: Item = storable(item)
    return fit


def _msg(told: Mapping[str, Any], loc: Loc) -> str:
    if told["type"] == "union_tag_invalid":
        return f"Input should have a 'type' of {told['ctx']['expected_tags']}"
    if told["type"] == "extra_forbidden" and len(loc) == 1:
        alike = get_close_matches(str(loc[0])[:LONGEST_SHOWN], FIELDS, n=1)
        hint = f"did you mean '{alike[0]}'?" if alike else "there is no such field"
        return f"{told['msg']}: {hint}"
    return str(told["msg"])


def _input(kind: str, loc: Loc, value: Any) -> Any:
    if kind == "extra_forbidden" or (loc and loc[0] in SECRET_FIELDS):
        return HIDDEN
    if kind == "missing" and isinstance(value, dict):
        # The whole object is quoted: a misspelt field of it may be a secret.
        value = {key: one if key in KNOWN else HIDDEN for key, one in value.items()}
    return _shown(value)


def _short(part: int | str) -> int | str:
    return part[:LONGEST_SHOWN] if isinstance(part, str) else part


def _at(body: Any, loc: Loc) -> Any:
    """Return what was sent at a place; None where nothing was."""
    for part in loc:
        try:
            body = body[part]
        except (LookupError, TypeError):
            return None
    return body


def _shown(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _shown_text(value)
    if not isinstance(value, dict | list):
        return value
    if depth == DEEPEST_SHOWN:
        return "…"
    if isinstance(value, list):
        return [_shown(one, depth + 1) for one in value[:MOST_SHOWN]]
    return {
        key[:LONGEST_SHOWN]: _shown_field(key, one, depth + 1)
        for key, one in list(value.items())[:MOST_SHOWN]
    }


def _shown_field(key: str, value: Any, depth: int) -> Any:
    return HIDDEN if SECRETIVE.search(key) else _shown(value, depth)


def _shown_text(text: str) -> str:
    # Looked for in full: what is cut off may be what shows that it is a secret.
    if _is_secret(text):
        return HIDDEN
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _is_secret(text: str) -> bool:
    """Tell whether a text may hold `//user:password@` or `password=…`."""
    if -1 < text.find("/") < text.rfind("@"):
        return True
    found = SECRETIVE.search(text)
    return found is not None and not {"=", ":"}.isdisjoint(text[found.end() :])
