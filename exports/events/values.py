"""What an event may hold, checked, and many events as a frame.

A value is a text or a list of texts. Numbers, true and false are texts as they were
written; null and what is empty mean that the event lacks the key.
"""

import re
from typing import Any, TypeAlias

import polars as pl

from exports.events.errors import BadEvents, TooLarge
from exports.events.ids import random_ids
from exports.events.names import INSERTED, MARK, UUID

Event: TypeAlias = dict[str, str | list[str]]

KEY_CHARACTERS = 256
MOST_KEYS = 1_000  # of all events that are read together
SHOWN = 60
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BOOLEANS = {True: "true", False: "false"}


class Repeated(Exception):
    """A key is twice in one object."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def flat(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise Repeated(next(key for key in keys if keys.count(key) > 1))
    return found


def bad(number: int, reason: str, key: str | None = None) -> BadEvents:
    place = f"Event {number}" if key is None else f"Event {number}, key {shown(key)}"
    # The key may be no text itself.
    told = None if key is None else key.encode(errors="replace").decode()
    return BadEvents(f"{place}: {reason}.", event=number, key=told)


def shown(key: str) -> str:
    return ascii(key if len(key) <= SHOWN else f"{key[:SHOWN]}...")


def checked_event(event: dict[str, Any], number: int, *, escapes: bool) -> Event:
    """Return an event with texts for values. Raises BadEvents.

    Only where the JSON had escapes can there be a text that is none.
    """
    found: Event = {}
    for key, value in event.items():
        if escapes or not key or len(key) > KEY_CHARACTERS:
            check_key(key, number)
        kept = value if type(value) is str else texts(value, number, key)
        if kept is not None:
            found[key] = kept
    if INSERTED in found:
        raise bad(number, "this service sets it, leave it out", INSERTED)
    if escapes:
        check_values(found, number)
    return found


def check_key(key: str, number: int) -> None:
    if not key:
        raise bad(number, "a key has no name", key)
    if len(key) > KEY_CHARACTERS:
        raise bad(number, f"the key is longer than {KEY_CHARACTERS} characters", key)
    if MARK in key:
        raise bad(number, "may not contain the character U+0001", key)
    check_text(key, number, key)


def check_values(event: Event, number: int) -> None:
    for key, value in event.items():
        for text in [value] if isinstance(value, str) else value:
            check_text(text, number, key)


def check_text(text: str, number: int, key: str) -> None:
    if "\0" in text:
        raise bad(number, "may not contain the character U+0000", key)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise bad(number, "half a surrogate pair is no character", key) from error


def texts(value: Any, number: int, key: str) -> str | list[str] | None:
    """Return one text for one value, a list for several, None for none."""
    listed = value if isinstance(value, list) else [value]
    found = [text(one, number, key) for one in listed if one is not None]
    return found if len(found) > 1 else next(iter(found), None)


def text(value: Any, number: int, key: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return BOOLEANS[value]
    kind = "a list in a list" if isinstance(value, list) else "an object"
    raise bad(number, f"a text or a list of texts is expected, not {kind}", key)


def event_frame(events: list[Event], first: int, given: set[str]) -> pl.DataFrame:
    """Return events as a frame; add to the UUIDs that were given before."""
    keys = list(dict.fromkeys(key for event in events for key in event))
    if len(keys) > MOST_KEYS:
        raise TooLarge(f"The events have more than {MOST_KEYS:,} different keys.")
    ids = uuids([event.get(UUID) for event in events], first, given)
    columns = (column(key, events) for key in keys if key != UUID)
    return pl.DataFrame([ids.alias(UUID), *columns])


def column(key: str, events: list[Event]) -> pl.Series:
    values = [event.get(key) for event in events]
    if not any(type(value) is list for value in values):
        return pl.Series(key, values, dtype=pl.String)
    listed = [[value] if isinstance(value, str) else value for value in values]
    return pl.Series(key, listed, dtype=pl.List(pl.String))


def uuids(
    values: list[str | list[str] | None], first: int, given: set[str]
) -> pl.Series:
    """Keep UUIDs that are given, once each, and make those that are not."""
    made = random_ids(len(values))
    if not any(values):
        return made
    numbered = enumerate(values, first)
    ids = [checked_uuid(value, number, given) for number, value in numbered]
    return pl.select(pl.coalesce(pl.Series(ids, dtype=pl.String), made)).to_series()


def checked_uuid(
    value: str | list[str] | None, number: int, given: set[str]
) -> str | None:
    if value is None:
        return None
    uuid = value.lower() if isinstance(value, str) else ""
    if not UUID_TEXT.fullmatch(uuid):
        raise bad(
            number, "not one UUID like 01234567-89ab-cdef-0123-456789abcdef", UUID
        )
    if uuid in given:
        raise bad(number, "an earlier event has the same", UUID)
    given.add(uuid)
    return uuid
