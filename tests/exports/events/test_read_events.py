"""Events are read from JSON, and what is wrong is named with its place."""

import io

import pytest

from exports.events import BadEvents, TooLarge, read_body, read_file

ID = "01234567-89ab-cdef-0123-456789abcdef"


def read(body: str) -> list[dict[str, object]]:
    return [
        {key: value for key, value in row.items() if value is not None}
        for row in read_body(body.encode()).to_dicts()
    ]


def test_an_array_and_lines_of_objects_are_read_alike() -> None:
    array = f'[{{"uuid": "{ID}", "a": "x"}}, {{"b": "y"}}]'
    lines = f'{{"uuid": "{ID}", "a": "x"}}\n{{"b": "y"}}\n'

    first, second = read(array)
    assert first == {"uuid": ID, "a": "x"}
    assert second["b"] == "y"
    assert read(lines)[0] == first


def test_numbers_and_truth_are_taken_as_they_are_written() -> None:
    (event,) = read('[{"a": 1.10, "b": true, "c": 12345678901234567890, "d": 1e400}]')

    del event["uuid"]
    assert event == {
        "a": "1.10",
        "b": "true",
        "c": "12345678901234567890",
        "d": "1e400",
    }


def test_null_and_empty_lists_mean_that_the_key_is_lacking() -> None:
    (event,) = read('[{"a": null, "b": [], "c": [null], "d": ["x", null], "e": ""}]')

    del event["uuid"]
    assert event == {"d": "x", "e": ""}


def test_a_list_of_several_values_stays_a_list() -> None:
    first, second = read('[{"a": ["x", 2, false]}, {"a": "y"}]')

    assert first["a"] == ["x", "2", "false"]
    assert second["a"] == ["y"]


def test_an_event_without_a_uuid_gets_one_and_a_given_one_is_kept() -> None:
    first, second = read(f'[{{"a": "x"}}, {{"uuid": "{ID.upper()}"}}]')

    assert len(str(first["uuid"])) == 36
    assert second["uuid"] == ID


def test_an_empty_array_holds_no_event() -> None:
    assert read_body(b" [ ] ").height == 0


@pytest.mark.parametrize(
    ("body", "message", "event", "key"),
    [
        ("", "There is no event.", 0, None),
        ("[", "Event 1: a JSON object is expected.", 1, None),
        ('[{"a":"x"}', "The array is cut off: it is never closed.", 0, None),
        ('[{"a":"x"} {"a":"y"}]', "A comma is missing after event 1.", 0, None),
        ("{}{}", "A line break is missing after event 1.", 0, None),
        ("[] []", "There is more text after the end of the array.", 0, None),
        ('{"a":"x"}\n3', "Event 2: a JSON object is expected.", 2, None),
        (
            '[{"a":"x"},{"a":{"b":1}}]',
            "Event 2, key 'a': a text or a list of texts is expected, not an object.",
            2,
            "a",
        ),
        (
            '[{"a":[["b"]]}]',
            (
                "Event 1, key 'a': a text or a list of texts is expected,"
                " not a list in a list."
            ),
            1,
            "a",
        ),
        ('[{"a":NaN}]', "Event 1: not valid JSON: NaN is no JSON.", 1, None),
        (
            '[{"a":-Infinity}]',
            "Event 1: not valid JSON: -Infinity is no JSON.",
            1,
            None,
        ),
        (
            '[{"a":"x\\u0000"}]',
            "Event 1, key 'a': may not contain the character U+0000.",
            1,
            "a",
        ),
        (
            '[{"\\u0001a":"x"}]',
            "Event 1, key '\\x01a': may not contain the character U+0001.",
            1,
            "\x01a",
        ),
        (
            '[{"a":["x","\\ud800"]}]',
            "Event 1, key 'a': half a surrogate pair is no character.",
            1,
            "a",
        ),
        (
            '[{"\\ud800":"x"}]',
            "Event 1, key '\\ud800': half a surrogate pair is no character.",
            1,
            "?",  # it is told in JSON, which has no such text
        ),
        ('[{"a":"x","a":"y"}]', "Event 1, key 'a': there twice.", 1, "a"),
        ('[{"":"x"}]', "Event 1, key '': a key has no name.", 1, ""),
        (
            '[{"insertion time":"2026-11-28"}]',
            "Event 1, key 'insertion time': this service sets it, leave it out.",
            1,
            "insertion time",
        ),
        (
            '[{"uuid":"7"}]',
            (
                "Event 1, key 'uuid': not one UUID like"
                " 01234567-89ab-cdef-0123-456789abcdef."
            ),
            1,
            "uuid",
        ),
        (
            f'[{{"uuid":"{ID}"}},{{"uuid":"{ID.upper()}"}}]',
            "Event 2, key 'uuid': an earlier event has the same.",
            2,
            "uuid",
        ),
        (
            '[{"a":"x}]',
            (
                "Event 1: not valid JSON: Unterminated string starting at,"
                " at its character 6."
            ),
            1,
            None,
        ),
    ],
)
def test_a_fault_is_named_with_its_event_and_key(
    body: str, message: str, event: int, key: str | None
) -> None:
    with pytest.raises(BadEvents) as caught:
        read_body(body.encode())

    assert str(caught.value) == message
    assert (caught.value.event, caught.value.key) == (event, key)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(BadEvents, match=r"^The text is not UTF-8: "):
        read_body(b'[{"a":"\xff"}]')


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(BadEvents, match=r"^Event 1"):
        read_body(b'[{"a":' + b"[" * 100_000)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[" + b'{"a":"x"},' * 10_000 + b'{"a":"x"}]', "more than 10,000 events"),
        (b" " * ((4 << 20) + 1), "more than 4 MiB"),
        (b'[{"a":"' + b"x" * (1 << 20) + b'"}]', "longer than 1,048,576 characters"),
    ],
)
def test_what_is_too_large_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        read_body(body)


def test_too_many_and_too_long_keys_are_refused() -> None:
    keys = ",".join(f'"k{n}":"x"' for n in range(1001))

    with pytest.raises(TooLarge, match="more than 1,000 different keys"):
        read(f"[{{{keys}}}]")
    with pytest.raises(BadEvents, match="the key is longer than 256 characters"):
        read(f'[{{"{"k" * 257}":"x"}}]')


def test_a_file_is_read_in_frames_with_uuids_that_are_unique_in_all_of_it() -> None:
    lines = [f'{{"a":"{n}"}}' for n in range(10_001)]
    lines[0] = lines[-1] = f'{{"uuid":"{ID}"}}'
    frames = read_file(io.BytesIO("\n".join(lines[:-1]).encode()))
    assert [frame.height for frame in frames] == [10_000]

    with pytest.raises(BadEvents, match="Event 10001, key 'uuid'"):
        list(read_file(io.BytesIO("\n".join(lines).encode())))


class Drops(io.BytesIO):
    """Gives a few bytes at a time, as a slow connection does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 3, 3))


def test_events_are_read_alike_however_their_bytes_come() -> None:
    body = f'[{{"uuid":"{ID}","ä":["é😀","\\n"]}}, {{"b":"}},{{"}}]'.encode()

    (slow,) = read_file(Drops(body))
    assert slow.drop("uuid").equals(read_body(body).drop("uuid"))
