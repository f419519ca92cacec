"""Columns are chosen, renamed and put in order; rows are kept, or are not."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import polars as pl
import pytest

from exports.tables import Aggregate, ColumnInput, SortKey, Transform
from exports.tables.cast import Misfit
from exports.tables.errors import (
    BadHeader,
    BadRule,
    BadSchema,
    TableError,
    UnknownColumn,
)
from tests.exports.tables.running import bound_and_run, rows, run

FRAME = pl.DataFrame({"a": [1], "b": ["x"], "c": [None]})
CELLS = pl.DataFrame({"n": ["1", "x", "3", ""], "k": ["a", "b", "a", "b"]})


@pytest.mark.parametrize(
    ("transform", "columns"),
    [
        (Transform(), ["a", "b", "c"]),
        (Transform(select=("c", "a")), ["c", "a"]),
        (Transform(rename={"a": "z"}), ["z", "b", "c"]),
        (Transform(rename={"a": "b", "b": "a"}), ["b", "a", "c"]),
        (Transform(order=("c",)), ["c", "a", "b"]),
        (Transform(select=("a", "b"), rename={"a": "z"}, order=("b", "z")), ["b", "z"]),
        (Transform(inputs=(ColumnInput("z", 2, 0),)), ["z", "a", "b"]),
        (Transform(inputs=(ColumnInput("z", 2, 0),), select=("a", "c")), ["z", "a"]),
        (Transform(inputs=(ColumnInput("z", 1, 0),), select=("a", "c")), ["a", "c"]),
        (
            Transform(inputs=(ColumnInput("z", 0, 1),), rename={"a": "y"}),
            ["b", "y", "c"],
        ),
        (Transform(inputs=(ColumnInput("z", 2, 0),), order=("b",)), ["b", "z", "a"]),
    ],
)
def test_columns_come_out_as_asked(transform: Transform, columns: list[str]) -> None:
    bound, made = bound_and_run(transform, FRAME)

    assert list(bound.schema) == columns
    assert made.columns == columns


def test_cells_and_types_move_with_their_column() -> None:
    bound, made = bound_and_run(Transform(rename={"a": "b", "b": "a"}), FRAME)

    assert made.row(0, named=True) == {"b": 1, "a": "x", "c": None}
    assert bound.schema["b"] == pl.Int64


@pytest.mark.parametrize(
    ("transform", "error"),
    [
        (Transform(select=("x",)), UnknownColumn),
        (Transform(rename={"x": "y"}), UnknownColumn),
        (Transform(order=("x",)), UnknownColumn),
        (Transform(rename={"a": "z"}, order=("a",)), UnknownColumn),
        (Transform(types={"x": "integer"}), UnknownColumn),
        (Transform(sort=(SortKey("x"),)), UnknownColumn),
        (Transform(filter="x = 1"), UnknownColumn),
        (Transform(filter="a = 1 and no (b = 2 or x != 1)"), UnknownColumn),
        (Transform(group_by=("a",), select=("b",)), UnknownColumn),
        (Transform(rename={"a": "b"}), BadHeader),
        (Transform(rename={"a": " "}), BadHeader),
        (Transform(select=("a", "a")), BadHeader),
        (Transform(types={"a": "intege"}), BadSchema),
        (Transform(types={"a": {"type": "date", "format": "no"}}), BadSchema),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    transform: Transform, error: type[TableError]
) -> None:
    with pytest.raises(error) as caught:
        transform.bind(FRAME.schema)

    assert caught.value.column is not None


def test_an_unknown_column_is_answered_with_those_there_are() -> None:
    schema = {f"c{n}": pl.String() for n in range(23)}

    with pytest.raises(UnknownColumn) as caught:
        Transform(select=("x",)).bind(schema)

    known = ", ".join(f"'c{n}'" for n in range(20))
    message = f"There is no column 'x'. Known are: {known} and 3 more."
    assert str(caught.value) == message


def test_a_filter_that_is_none_says_where() -> None:
    with pytest.raises(BadRule) as caught:
        Transform(filter="a = = 1").bind(FRAME.schema)

    assert caught.value.position == 4


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(TableError, match="limit must not be negative"):
        Transform(limit=-1).bind(FRAME.schema)


def test_declared_types_come_before_the_filter() -> None:
    transform = Transform(types={"n": "integer"}, filter="n = 3 or n = 1")

    assert rows(transform, CELLS) == [(1, "a"), (3, "a")]


def test_a_descriptor_of_a_field_is_a_type_too() -> None:
    frame = pl.DataFrame({"d": ["24/12/2026"]})
    type_ = {"type": "date", "format": "%d/%m/%Y"}

    assert rows(Transform(types={"d": type_}), frame) == [(date(2026, 12, 24),)]


def test_cells_that_do_not_fit_are_null_and_reported() -> None:
    bound, made = bound_and_run(Transform(types={"n": "integer"}), CELLS, CELLS)

    assert made["n"].to_list() == [1, None, 3, None] * 2
    assert bound.failed == 2
    assert bound.misfits == [Misfit(3, "n", "x"), Misfit(7, "n", "x")]


def test_a_filter_by_a_column_that_does_not_go_out_works() -> None:
    assert rows(Transform(filter="k = a", select=("n",)), CELLS) == [("1",), ("3",)]


def test_the_limit_reads_no_further_than_it_must() -> None:
    taken = []

    def frames() -> Iterator[pl.DataFrame]:
        for number in range(5):
            taken.append(number)
            yield CELLS

    with ExitStack() as resources:
        made = pl.concat(Transform(limit=6).bind(CELLS.schema).run(frames(), resources))

    assert made.height == 6
    assert taken == [0, 1]


def test_a_limit_of_nothing_still_has_columns() -> None:
    assert run(Transform(limit=0), CELLS).columns == ["n", "k"]


def test_steps_go_together() -> None:
    transform = Transform(
        types={"n": "integer"},
        filter="no k = c",
        group_by=("k",),
        aggregates=(Aggregate("sum", "n"), Aggregate("count", name="rows")),
        select=("rows", "k", "sum_n"),
        rename={"sum_n": "total"},
        order=("k",),
        sort=(SortKey("total", descending=True),),
        limit=1,
    )

    made = run(transform, CELLS, CELLS)

    assert made.columns == ["k", "rows", "total"]
    assert made.rows() == [("a", 4, 8)]


@pytest.mark.parametrize("name", ["*", "^a$", "^.*$"])
def test_a_name_that_is_a_pattern_is_only_a_name(name: str) -> None:
    frame = pl.DataFrame({"a": ["p", "q"], name: ["1", "2"], "b": ["x", "y"]})
    transform = Transform(
        group_by=(name,),
        aggregates=(Aggregate("sum", name), Aggregate("first", "a", "f")),
        sort=(SortKey(name, descending=True),),
    )

    assert rows(transform, frame) == [("2", 2.0, "q"), ("1", 1.0, "p")]
    typed = Transform(select=("b", name), types={name: "integer"})
    assert rows(typed, frame) == [("x", 1), ("y", 2)]


def test_five_thousand_columns_pass_every_step() -> None:
    frame = pl.DataFrame({f"c{n}": [str(n), "0"] for n in range(5000)})
    inputs = tuple(ColumnInput(f"d{n}", n, 4999 - n) for n in range(5000))
    transform = Transform(inputs=inputs, sort=(SortKey("d7"),), types={"c7": "integer"})

    made = run(transform, frame)

    assert made.columns[:2] == ["d4999", "d4998"]
    assert made["d7"].to_list() == [0, 7]


def test_a_table_without_rows_has_its_columns() -> None:
    transform = Transform(sort=(SortKey("k"),), limit=3, types={"n": "integer"})

    made = run(transform, CELLS.clear())

    assert dict(made.schema) == {"n": pl.Int128, "k": pl.String}
    assert made.height == 0
