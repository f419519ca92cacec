"""Columns are chosen, renamed and put in order."""

import polars as pl
import pytest

from exports.tables import Transform
from exports.tables.errors import BadHeader, TableError, UnknownColumn

FRAME = pl.DataFrame({"a": [1], "b": ["x"], "c": [None]})


@pytest.mark.parametrize(
    ("transform", "columns"),
    [
        (Transform(), ["a", "b", "c"]),
        (Transform(select=("c", "a")), ["c", "a"]),
        (Transform(rename={"a": "z"}), ["z", "b", "c"]),
        (Transform(rename={"a": "b", "b": "a"}), ["b", "a", "c"]),
        (Transform(order=("c",)), ["c", "a", "b"]),
        (Transform(select=("a", "b"), rename={"a": "z"}, order=("b", "z")), ["b", "z"]),
    ],
)
def test_columns_come_out_as_asked(transform: Transform, columns: list[str]) -> None:
    bound = transform.bind(FRAME.schema)

    assert list(bound.schema) == columns
    assert bound.apply(FRAME).columns == columns


def test_cells_and_types_move_with_their_column() -> None:
    bound = Transform(rename={"a": "b", "b": "a"}).bind(FRAME.schema)

    assert bound.apply(FRAME).row(0, named=True) == {"b": 1, "a": "x", "c": None}
    assert bound.schema["b"] == pl.Int64


@pytest.mark.parametrize(
    ("transform", "error"),
    [
        (Transform(select=("x",)), UnknownColumn),
        (Transform(rename={"x": "y"}), UnknownColumn),
        (Transform(order=("x",)), UnknownColumn),
        (Transform(rename={"a": "z"}, order=("a",)), UnknownColumn),
        (Transform(rename={"a": "b"}), BadHeader),
        (Transform(select=("a", "a")), BadHeader),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    transform: Transform, error: type[TableError]
) -> None:
    with pytest.raises(error) as caught:
        transform.bind(FRAME.schema)

    assert caught.value.column is not None
