"""Events are shown as JSON that every reader takes alike."""

import json

import orjson
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.events.json_rows import BETWEEN, json_bytes
from exports.events.values import Event, event_frame

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=6),
    st.text(
        st.sampled_from('\0\x01\x1f\n\r\t\b\f"\\/,{}[]\x7f\u2028\uffff😀'), max_size=6
    ),
)
KEYS = TEXTS.filter(lambda key: key and not {"\0", "\x01"} & set(key))
VALUES = st.one_of(TEXTS, st.lists(TEXTS, min_size=2, max_size=4))
EVENTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=5)


def without_ids(events: list[Event]) -> pl.DataFrame:
    return event_frame(events, 1, set()).drop("uuid")


@settings(deadline=None, max_examples=150)
@given(EVENTS)
def test_json_says_what_the_events_say(events: list[Event]) -> None:
    events = [
        {k: v for k, v in e.items() if k not in {"uuid", "insertion time"}}
        for e in events
    ]
    for shown in (event_frame(events, 1, set()), without_ids(events)):
        if not shown.width:
            continue
        text = b"[%b]" % bytes(json_bytes(shown))

        assert json.loads(text) == orjson.loads(text)
        found = [{k: v for k, v in e.items() if k != "uuid"} for e in json.loads(text)]
        assert found == events


@settings(deadline=None, max_examples=50)
@given(EVENTS)
def test_events_can_be_told_apart_without_parsing(events: list[Event]) -> None:
    lines = bytes(json_bytes(event_frame(events, 1, set()))).split(BETWEEN)

    assert len(lines) == len(events)
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_our_keys_come_first_and_the_others_in_order() -> None:
    frame = pl.DataFrame(
        {"b": ["1"], "uuid": ["u"], "a": ["2"], "insertion time": ["t"], "\x01seq": [7]}
    )

    text = bytes(json_bytes(frame))
    assert text == b'{"uuid":"u","insertion time":"t","a":"2","b":"1"}'


def test_events_without_any_key_are_empty_objects() -> None:
    frame = pl.DataFrame({"\x01seq": [1, 2]})

    assert bytes(json_bytes(frame)) == b"{},\n{}"
