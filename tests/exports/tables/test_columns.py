"""Inputs name columns by place, and say where they go. Contract 003, 3.4.1."""

import pytest

from exports.tables.columns import ColumnInput, inputs_transform
from exports.tables.errors import BadHeader

COLUMNS = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("inputs", "rename", "order"),
    [
        ([], {}, "a b c d"),
        ([ColumnInput("z", 1)], {"b": "z"}, "a z c d"),
        ([ColumnInput("z", 1, 0)], {"b": "z"}, "z a c d"),
        ([ColumnInput("z", 0, 3)], {"a": "z"}, "b c d z"),
        ([ColumnInput("z", 0, 2)], {"a": "z"}, "b c z d"),
        # Out of range: ignored whole.
        ([ColumnInput("z", 4, 0)], {}, "a b c d"),
        ([ColumnInput("z", -1, 0)], {}, "a b c d"),
        ([ColumnInput("z", None, 0)], {}, "a b c d"),
        ([ColumnInput("b", None, 0)], {}, "a b c d"),
        # Slots are clamped.
        ([ColumnInput("z", 0, 99)], {"a": "z"}, "b c d z"),
        ([ColumnInput("z", 3, -5)], {"d": "z"}, "z a b c"),
        # The later of two in one slot wins; the other fills a gap as it came.
        ([ColumnInput("y", 2, 0), ColumnInput("z", 3, 0)], {"c": "y", "d": "z"},
         "z a b y"),
        ([ColumnInput("y", 0, 9), ColumnInput("z", 1, 8)], {"a": "y", "b": "z"},
         "y c d z"),
        # The later of two inputs for one column wins, in what it says.
        ([ColumnInput("y", 0, 3), ColumnInput("z", 0, 1)], {"a": "z"}, "b z c d"),
        ([ColumnInput("y", 0, 3), ColumnInput("z", 0)], {"a": "z"}, "b c d z"),
        ([ColumnInput("x", 0, 0), ColumnInput("y", 1, 0), ColumnInput("z", 0, 0)],
         {"a": "z", "b": "y"}, "z y c d"),
        # All at once, and names that change places.
        ([ColumnInput("b", 0, 1), ColumnInput("a", 1, 0)], {"a": "b", "b": "a"},
         "a b c d"),
        ([ColumnInput(n, i, 3 - i) for i, n in enumerate("wxyz")],
         {"a": "w", "b": "x", "c": "y", "d": "z"}, "z y x w"),
        ([ColumnInput("", 1, 0)], {}, "b a c d"),
        ([ColumnInput("a", 0)], {"a": "a"}, "a b c d"),
    ],
)  # fmt: skip
def test_columns_are_renamed_and_moved(
    inputs: list[ColumnInput], rename: dict[str, str], order: str
) -> None:
    assert inputs_transform(inputs, COLUMNS) == (rename, tuple(order.split()))


def test_a_table_without_columns_has_nothing_to_move() -> None:
    assert inputs_transform([ColumnInput("z", 0, 0)], []) == ({}, ())


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([ColumnInput("b", 0)], "Columns 'a' and 'b' would both be called 'b'."),
        (
            [ColumnInput("z", 0), ColumnInput("z", 3)],
            "Columns 'a' and 'd' would both be called 'z'.",
        ),
    ],
)
def test_two_columns_of_one_name_are_refused_by_name(
    inputs: list[ColumnInput], message: str
) -> None:
    with pytest.raises(BadHeader) as caught:
        inputs_transform(inputs, COLUMNS)

    assert str(caught.value) == message
