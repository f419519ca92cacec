"""Rows are put together by keys, and what is asked of each group is computed."""

import math
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables import Aggregate, SortKey, Transform, groups
from exports.tables.cast import Misfit
from exports.tables.errors import BadHeader, TableError, TooLarge, WrongType
from tests.exports.tables.running import Rows, bound_and_run, in_frames, rows, run

KEY = st.sampled_from([None, "", "a", "b", "\u00e9"])
WHOLE = st.none() | st.integers(-(2**63), 2**63 - 1)
FLOAT = st.none() | st.sampled_from([0.5, -1.0, 4.0])
TEXT = st.none() | st.sampled_from(["", "x", "y", "10", "9"])
TABLES = st.lists(st.tuples(KEY, st.integers(0, 2), WHOLE, FLOAT, TEXT), max_size=40)
SCHEMA = {
    "k": pl.String,
    "j": pl.Int64,
    "i": pl.Int64,
    "f": pl.Float64,
    "t": pl.String,
}
ALL = [
    Aggregate("count"),
    *[Aggregate(f, "i") for f in ("count", "sum", "min", "max", "mean", "first")],
    *[Aggregate(f, "f") for f in ("count", "sum", "min", "max", "mean", "first")],
    *[Aggregate(f, "t") for f in ("count", "min", "max", "first")],
]

REDUCE: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "sum": sum,
    "min": min,
    "max": max,
    "mean": lambda cells: sum(cells) / len(cells),
}


def reduced(one: Aggregate, group: Rows) -> Any:
    if one.column is None:
        return len(group)
    cells = [row[list(SCHEMA).index(one.column)] for row in group]
    if one.function == "first":
        return cells[0] if cells else None
    filled = [cell for cell in cells if cell not in {None, ""}]
    return REDUCE[one.function](filled) if filled or one.function == "count" else None


@settings(deadline=None, max_examples=50)
@given(
    TABLES,
    st.sampled_from([("k",), ("j", "k"), ("f",), ()]),
    st.lists(st.sampled_from(ALL), min_size=1, unique=True),
    st.integers(1, 9),
    st.booleans(),
)
def test_it_groups_as_a_plain_loop_does(
    table: Rows,
    keys: tuple[str, ...],
    aggregates: list[Aggregate],
    height: int,
    often: bool,
) -> None:
    places = [list(SCHEMA).index(key) for key in keys]
    wanted: dict[tuple[Any, ...], Rows] = {} if keys else {(): []}
    for row in table:
        wanted.setdefault(tuple(row[at] for at in places), []).append(row)
    frame = pl.DataFrame(table, schema=SCHEMA, orient="row")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "MERGE_ROWS", 3 if often else 1000)
        patch.setattr(groups, "OUT_ROWS", 2 if often else 1000)
        patch.setattr(groups, "PARTS", 3)
        transform = Transform(group_by=keys, aggregates=tuple(aggregates))
        made = rows(transform, *in_frames(frame, height))

    expected = [
        (*key, *(reduced(one, group) for one in aggregates))
        for key, group in wanted.items()
    ]
    assert len(made) == len(expected)
    assert all(map(same_row, made, expected))


def same_row(row: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    return len(row) == len(right) and all(map(same, row, right))


def same(cell: Any, right: Any) -> bool:
    if isinstance(right, float) and isinstance(cell, float):
        return math.isclose(cell, right, rel_tol=1e-12)
    return bool(cell == right) and type(cell) is type(right)


def test_sums_of_integers_are_exact_beyond_64_bits() -> None:
    frame = pl.DataFrame({"i": [2**63 - 1] * 3})
    transform = Transform(aggregates=(Aggregate("sum", "i"),))

    assert rows(transform, frame, frame) == [((2**63 - 1) * 6,)]


def test_text_is_summed_as_numbers_and_what_is_none_is_reported() -> None:
    frame = pl.DataFrame({"k": ["a", "b", "a", "a"], "v": ["1.5", "no", "2", "n/a"]})
    transform = Transform(
        filter="k = a", aggregates=(Aggregate("sum", "v"), Aggregate("mean", "v"))
    )

    bound, made = bound_and_run(transform, frame, frame)

    assert made.rows() == [(7.0, 1.75)]
    assert bound.failed == 2
    assert bound.misfits == [Misfit(5, "v", "n/a"), Misfit(9, "v", "n/a")]


def test_min_and_max_of_text_compare_text_unless_it_is_typed() -> None:
    frame = pl.DataFrame({"v": ["10", "9", ""]})
    both = (Aggregate("min", "v"), Aggregate("max", "v"))

    assert rows(Transform(aggregates=both), frame) == [("10", "9")]
    typed = Transform(aggregates=both, types={"v": "integer"})
    assert rows(typed, frame) == [(9, 10)]


def test_nan_spoils_sum_and_mean_and_not_min_and_max() -> None:
    frame = pl.DataFrame({"k": ["a", "a", "b"], "f": [math.nan, 1.0, math.nan]})
    functions = ("sum", "mean", "min", "max")
    asked = tuple(Aggregate(function, "f") for function in functions)  # type: ignore[arg-type]

    made = rows(Transform(group_by=("k",), aggregates=asked), frame)

    assert [str(row) for row in made] == [
        "('a', nan, nan, 1.0, 1.0)",
        "('b', nan, nan, nan, nan)",
    ]


def test_zeros_and_nans_are_one_key_each() -> None:
    frame = pl.DataFrame({"f": [0.0, math.nan, -0.0, -math.nan]})
    transform = Transform(group_by=("f",), aggregates=(Aggregate("count"),))

    assert [row[1] for row in rows(transform, frame, frame)] == [4, 4]


def test_decimals_keep_their_places() -> None:
    frame = pl.DataFrame({"d": pl.Series(["0.10", "0.20"]).cast(pl.Decimal(10, 2))})
    transform = Transform(aggregates=(Aggregate("sum", "d"), Aggregate("mean", "d")))

    ((total, mean),) = rows(transform, frame)

    assert (str(total), mean) == ("0.30", pytest.approx(0.15))


def test_the_first_row_gives_all_its_cells_even_nothing() -> None:
    frame = pl.DataFrame({"k": ["a", "a"], "x": [None, 1], "l": [[1], [2]]})
    transform = Transform(
        group_by=("k",), aggregates=(Aggregate("first", "x"), Aggregate("first", "l"))
    )

    assert rows(transform, frame) == [("a", None, [1])]


def test_keys_alone_give_each_once_in_order_of_appearance() -> None:
    frame = pl.DataFrame({"k": ["b", "a", "b", "c"]})

    assert rows(Transform(group_by=("k",)), frame, frame) == [("b",), ("a",), ("c",)]


def test_without_rows_keys_give_none_and_totals_give_one() -> None:
    none = pl.DataFrame({"k": ["a"], "i": [1]}).clear()
    asked = (Aggregate("count"), Aggregate("sum", "i"), Aggregate("first", "k"))

    assert rows(Transform(group_by=("k",), aggregates=asked), none) == []
    assert rows(Transform(aggregates=asked), none) == [(0, None, None)]


def test_a_column_of_nothing_but_nulls_has_no_sum() -> None:
    frame = pl.DataFrame({"n": [None, None]})
    asked = tuple(Aggregate(f, "n") for f in ("count", "sum", "mean", "min", "first"))

    assert rows(Transform(aggregates=asked), frame) == [(0, None, None, None, None)]


def test_results_are_named_after_what_they_are() -> None:
    frame = pl.DataFrame({"k": ["a"], "i": [1]})
    asked = (Aggregate("count"), Aggregate("sum", "i"), Aggregate("sum", "i", "total"))

    assert run(Transform(group_by=("k",), aggregates=asked), frame).columns == [
        "k",
        "count",
        "sum_i",
        "total",
    ]


@pytest.mark.parametrize(
    ("transform", "error", "message"),
    [
        (Transform(group_by=("k", "k")), BadHeader, "called 'k'"),
        (
            Transform(group_by=("k",), aggregates=(Aggregate("sum", "i", "k"),)),
            BadHeader,
            "called 'k'",
        ),
        (Transform(aggregates=(Aggregate("count"),) * 2), BadHeader, "called 'count'"),
        (Transform(group_by=("l",)), WrongType, "'l' holds arrays"),
        (Transform(aggregates=(Aggregate("min", "l"),)), WrongType, "'l' holds arrays"),
        (
            Transform(aggregates=(Aggregate("sum", "b"),)),
            WrongType,
            "Sums and means need numbers, and column 'b' is boolean. Declare another",
        ),
        (
            Transform(aggregates=(Aggregate("mean", "b"),)),
            WrongType,
            "Sums and means need numbers, and column 'b' is boolean",
        ),
        (Transform(aggregates=(Aggregate("sum"),)), TableError, "'sum' needs a column"),
        (
            Transform(aggregates=(Aggregate("median", "i"),)),  # type: ignore[arg-type]
            TableError,
            "no 'median' of rows, only count, sum, min, max, mean, first",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    transform: Transform, error: type[TableError], message: str
) -> None:
    frame = pl.DataFrame({"k": ["a"], "i": [1], "b": [True], "l": [[1]]})

    with pytest.raises(error) as caught:
        transform.bind(frame.schema)

    assert message in str(caught.value)


def test_too_many_groups_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MAX_GROUPS", 5)
    frame = pl.DataFrame({"k": range(6)})

    assert len(rows(Transform(group_by=("k",)), frame.head(5))) == 5
    with pytest.raises(TooLarge, match="more than 5 groups"):
        rows(Transform(group_by=("k",)), frame)


def test_many_groups_come_out_whole_and_sorted() -> None:
    frame = pl.DataFrame({"k": [n * 7919 % 30_011 for n in range(120_000)]})
    transform = Transform(
        group_by=("k",), aggregates=(Aggregate("count"),), sort=(SortKey("k"),)
    )

    made = rows(transform, *frame.iter_slices(5_000))

    counts = [0] * 30_011
    for n in range(120_000):
        counts[n * 7919 % 30_011] += 1
    assert made == list(enumerate(counts))
