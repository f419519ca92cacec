"""What a query string asks for, and what is wrong with one (contract 3.3.2)."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.asking import Asked
from exports.dialects.sharing import params
from exports.dialects.sharing.params import BadInputs

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def read(query: str, *, is_notification: bool = False) -> Asked:
    return params.read(query.encode(), at=NOW, is_notification=is_notification)


def faults(query: str, **how: Any) -> list[tuple[str, str]]:
    with pytest.raises(BadInputs) as refused:
        read(query, **how)
    return [(one.key, one.message) for one in refused.value.faults]


def test_without_parameters_everything_is_asked_for() -> None:
    assert read("") == Asked()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-10-01", datetime(2020, 10, 1, tzinfo=UTC)),
        ("2020-10-01T12:30", datetime(2020, 10, 1, 12, 30, tzinfo=UTC)),
        ("2020-10-01%2012:30:15Z", datetime(2020, 10, 1, 12, 30, 15, tzinfo=UTC)),
        ("2020-10-01T12:30:00%2B02:00", datetime(2020, 10, 1, 10, 30, tzinfo=UTC)),
        ("2020-10-01T12:30:00+02:00", datetime(2020, 10, 1, 10, 30, tzinfo=UTC)),
        ("-3600", datetime(2026, 11, 28, 11, tzinfo=UTC)),
        ("-604800", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("0", NOW),
        ("1.0", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("1763695200.12", datetime(2025, 11, 21, 3, 20, 0, 120000, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_date_or_seconds_since_1970_or_before_now(
    text: str, moment: datetime
) -> None:
    assert read(f"start={text}").start == moment
    assert read(f"end={text}").end == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "foo", "2020-13-01", "nan", "inf", "-inf", "1e300", "-1e300", "9" * 400),
        *("2020-10-01T25:00", "10000-01-01", "0000-01-01", "1763695200,1", "%00"),
    ],
)
def test_what_is_no_time_is_told_as_it_came(text: str) -> None:
    shown = params.clipped(repr([params.text_of(text.encode())]))

    assert faults(f"start={text}") == [("start", f"Invalid start: {shown}")]
    assert faults(f"end={text}") == [("end", f"Invalid end: {shown}")]


@pytest.mark.parametrize(
    ("text", "is_reversed"),
    [
        *(("", True), ("true", True), ("True", True), ("1", True), ("yes", True)),
        *(("False", False), ("false", False), ("0", False), ("no", False)),
    ],
)
def test_reverse_is_a_word(text: str, is_reversed: bool) -> None:
    assert read(f"reverse={text}").reverse is is_reversed


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("projection=feed&projection=observation%20time", ("feed", "observation time")),
        ("projection=feed,observation+time", ("feed", "observation time")),
        ("projection=a%2Cb", ("a,b",)),
        ("projection=a,a&projection=a", ("a",)),
    ],
)
def test_a_comma_splits_a_projection_unless_it_is_encoded(
    query: str, keys: tuple[str, ...]
) -> None:
    assert read(query).projection == keys


@pytest.mark.parametrize(
    ("query", "key", "message"),
    [
        ("startt=1", "startt", "Unknown parameter: startt"),
        ("=1", "", "Unknown parameter: "),
        ("apikey=secret", "apikey", "Unknown parameter: apikey"),
        ("start=1&start=2", "start", "Invalid start: ['1', '2']"),
        ("sort=time", "sort", "Invalid sort: ['time']"),
        ("sort=_id&sort=_id", "sort", "Invalid sort: ['_id', '_id']"),
        ("reverse=maybe", "reverse", "Invalid reverse: ['maybe']"),
        ("limit=", "limit", "Invalid limit: ['']"),
        ("limit=0", "limit", "Invalid limit: ['0']"),
        ("limit=100001", "limit", "Invalid limit: ['100001']"),
        ("limit=1.5", "limit", "Invalid limit: ['1.5']"),
        ("limit=%D9%A1", "limit", "Invalid limit: ['\u0661']"),
        ("projection=", "projection", "Invalid projection: ['']"),
        ("projection=a,", "projection", "Invalid projection: ['a', '']"),
        ("projection=%00", "projection", "Invalid projection: ['\\x00']"),
        ("filter=a&filter=b", "filter", "Invalid filter: ['a', 'b']"),
        ("filter=%00", "filter", "Invalid filter: ['\\x00']"),
    ],
)
def test_what_is_wrong_is_told_by_its_name(query: str, key: str, message: str) -> None:
    assert faults(query) == [(key, message)]


@pytest.mark.parametrize(
    "rule", ["", "cc%20=", "severity>=3", "(a", "/(/", "a" * 20_001]
)
def test_a_filter_that_is_none_is_told_why(rule: str) -> None:
    ((key, message),) = faults(f"filter={rule}")

    assert key == "filter"
    assert message.startswith("Invalid filter: ")
    assert len(message) > len("Invalid filter: ")


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = faults("start=foo&startt=1&limit=x")

    assert [key for key, _ in told] == ["start", "startt", "limit"]


@pytest.mark.parametrize("token", ["", "foo", "%00", "a&token=b"])
def test_a_token_is_never_refused_here(token: str) -> None:
    assert read(f"token={token}").token is not None


def test_a_notification_takes_what_the_downloader_always_sends() -> None:
    asked = read("reverse=False&limit=100000&token=t", is_notification=True)

    assert (asked.reverse, asked.limit, asked.token) == (False, 100_000, "t")


@pytest.mark.parametrize("name", ["start", "end", "filter", "projection", "sort"])
def test_a_notification_takes_nothing_else(name: str) -> None:
    told = faults(f"{name}=1", is_notification=True)

    assert told == [(name, f"Unknown parameter: {name}")]


def test_a_notification_is_not_reversed() -> None:
    told = faults("reverse=True", is_notification=True)

    assert told == [("reverse", "Invalid reverse: ['True']")]


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(query: bytes) -> None:
    with suppress(BadInputs):
        asked = params.read(query, at=NOW, is_notification=False)
        assert asked.limit is None or 1 <= asked.limit <= 100_000
