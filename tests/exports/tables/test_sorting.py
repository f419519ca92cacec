"""Rows come out in order, however many there are."""

import math
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from functools import cmp_to_key
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables import SortKey, Transform, runs, sorting
from exports.tables.errors import WrongType
from tests.exports.tables.running import Rows, in_frames, rows, run

TEXTS = st.one_of(st.none(), st.text("ab\u00e9\U0001f600Z", max_size=2))
NUMBERS = st.one_of(
    st.none(), st.sampled_from([0.0, 1.5, -2.0, math.nan, math.inf, -math.inf])
)
TABLES = st.lists(st.tuples(TEXTS, NUMBERS, st.booleans()), max_size=60)
KEYS = st.lists(
    st.builds(SortKey, st.sampled_from(["s", "f", "b"]), st.booleans()),
    min_size=1,
    max_size=3,
)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets so small that a few rows are merged from many runs in two rounds."""
    shrink(monkeypatch)


def shrink(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sorting, "RUN_BYTES", 100)
    patch.setattr(sorting, "MERGE_BYTES", 200)
    patch.setattr(sorting, "OUT_BYTES", 100)
    patch.setattr(sorting, "FAN_IN", 3)
    patch.setattr(runs, "BLOCK_BYTES", 40)
    patch.setattr(runs, "COLUMN_BYTES", 1)


def in_order(table: Rows, keys: list[SortKey]) -> Rows:
    """Sort as the docstrings say, one comparison after the other."""

    def compare(one: tuple[Any, ...], other: tuple[Any, ...]) -> int:
        for key in keys:
            at = "sfb".index(key.column)
            a, b = rank(one[at]), rank(other[at])
            if a != b:
                missing = (2,) in {a[:1], b[:1]}
                return -1 if (a < b) ^ (key.descending and not missing) else 1
        return 0

    return sorted(table, key=cmp_to_key(compare))


def rank(cell: Any) -> tuple[Any, ...]:
    if cell is None or cell == "":
        return (2,)
    return (1,) if cell != cell else (0, cell)  # noqa: PLR0124 - NaN


def shown(table: Rows) -> list[str]:
    return [repr(row) for row in table]


@settings(deadline=None, max_examples=50)
@given(TABLES, KEYS, st.integers(1, 7), st.none() | st.integers(0, 70), st.booleans())
def test_it_sorts_as_a_plain_loop_does(
    table: Rows, keys: list[SortKey], height: int, limit: int | None, small: bool
) -> None:
    numbered = [(*row, n) for n, row in enumerate(table)]
    schema = {"s": pl.String, "f": pl.Float64, "b": pl.Boolean, "n": pl.Int64}
    frame = pl.DataFrame(numbered, schema=schema, orient="row")

    with pytest.MonkeyPatch.context() as patch:
        if small:
            shrink(patch)
        transform = Transform(sort=tuple(keys), limit=limit)
        made = rows(transform, *in_frames(frame, height))

    assert shown(made) == shown(in_order(numbered, keys)[:limit])


@pytest.mark.usefixtures("tiny")
def test_equal_rows_keep_their_order_over_many_runs() -> None:
    frame = pl.DataFrame({"k": [n % 3 for n in range(200)], "n": range(200)})

    made = rows(Transform(sort=(SortKey("k", True),)), *frame.iter_slices(10))

    assert made == sorted(frame.rows(), key=lambda row: -row[0])


def test_text_sorts_as_text_unless_its_type_is_declared() -> None:
    frame = pl.DataFrame({"n": ["10", "9", "", "1"]})
    by_n = (SortKey("n"),)

    assert run(Transform(sort=by_n), frame)["n"].to_list() == ["1", "10", "9", ""]
    typed = run(Transform(sort=by_n, types={"n": "integer"}), frame)
    assert typed["n"].to_list() == [1, 9, 10, None]


@pytest.mark.parametrize(
    ("transform", "made"),
    [
        (Transform(sort=(SortKey("b"),)), [(2, 1), (1, 2)]),
        # b is now another column: the output's names come first.
        (
            Transform(rename={"a": "b", "b": "a"}, sort=(SortKey("b"),)),
            [(1, 2), (2, 1)],
        ),
        (Transform(rename={"b": "z"}, sort=(SortKey("b"),)), [(2, 1), (1, 2)]),
        (Transform(select=("a",), sort=(SortKey("b"),)), [(2,), (1,)]),
        (
            Transform(select=("a",), rename={"a": "b"}, sort=(SortKey("a", True),)),
            [(2,), (1,)],
        ),
    ],
)
def test_keys_are_names_that_go_out_or_else_those_before(
    transform: Transform, made: Rows
) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [2, 1]})

    assert rows(transform, frame) == made


def test_dates_labels_and_nulls_alone_have_an_order() -> None:
    frame = pl.DataFrame(
        {
            "d": [date(2026, 1, 2), None, date(1899, 1, 1)],
            "c": pl.Series(["z", "b", "c"], dtype=pl.Categorical),
            "x": [None, None, None],
        }
    )

    made = {
        name: run(Transform(sort=(SortKey("x"), SortKey(name))), frame)[name].to_list()
        for name in ("d", "c")
    }

    assert made == {
        "d": [date(1899, 1, 1), date(2026, 1, 2), None],
        "c": ["b", "c", "z"],
    }


@pytest.mark.parametrize("cells", [[[1], [2]], [{"a": 1}, {"a": 2}]])
def test_lists_and_objects_have_no_order(cells: list[Any]) -> None:
    with pytest.raises(WrongType, match=r"Column 'a' holds (array|object)s") as caught:
        Transform(sort=(SortKey("a"),)).bind(pl.DataFrame({"a": cells}).schema)

    assert caught.value.column == "a"


def test_one_row_and_none_are_in_order() -> None:
    by_a = Transform(sort=(SortKey("a"),))

    assert rows(by_a, pl.DataFrame({"a": [1]})) == [(1,)]
    assert rows(by_a, pl.DataFrame({"a": [1]}).clear()) == []


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("steps", [1, 30, 90, 130])
def test_stopped_anywhere_it_leaves_no_thread_and_no_file(steps: int) -> None:
    frame = pl.DataFrame({"a": [n * 7919 % 1000 for n in range(1000)]})
    threads, files = threading.active_count(), open_files()

    with ExitStack() as resources:
        bound = Transform(sort=(SortKey("a"),)).bind(frame.schema)
        made: Any = bound.run(frame.iter_slices(10), resources)
        for _ in range(steps):
            next(made)
        made.close()
        assert threading.active_count() == threads

    assert open_files() == files


def test_while_it_reads_it_gives_a_frame_for_each_it_takes() -> None:
    taken = 0

    def frames() -> Iterator[pl.DataFrame]:
        nonlocal taken
        for _ in range(50):
            taken += 1
            yield pl.DataFrame({"a": [1]})

    with ExitStack() as resources:
        bound = Transform(sort=(SortKey("a"),)).bind({"a": pl.Int64()})
        given_out = bound.run(frames(), resources)
        waits = [(next(given_out).height, taken) for _ in range(50)]

    assert waits == [(0, number) for number in range(1, 51)]
