"""What changed between two tables: by key or by rows, in parts or at once."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables.diff import PART_BYTES, TableDiff

Row = dict[str, str]
Change = tuple[str, ...]
COLUMNS = ["k", "l", "v", "change"]


def frames_of(columns: Sequence[str], rows: list[Row], size: int) -> list[pl.DataFrame]:
    schema = dict.fromkeys(columns, pl.String())
    whole = pl.DataFrame(
        [[row[c] for c in columns] for row in rows], schema, orient="row"
    )
    return [whole[at : at + size] for at in range(0, max(len(rows), 1), size)]


def compared(
    before: tuple[Sequence[str], list[Row]],
    after: tuple[Sequence[str], list[Row]],
    *,
    key: Sequence[str] = (),
    parts: int = 1,
    batch: int = 3,
) -> tuple[TableDiff, list[Change]]:
    size_bytes = (parts - 1) * PART_BYTES
    with TableDiff(before[0], after[0], key=key, size_bytes=size_bytes) as diff:
        for side, (columns, rows) in ((diff.before, before), (diff.after, after)):
            for frame in frames_of(columns, rows, batch):
                side.add(frame)
        told = [frame.fill_null("") for frame in diff.changes()]
    assert all(frame.columns == diff.columns for frame in told)
    return diff, [row for frame in told for row in frame.rows()]


def unmatched(rows: list[Row], others: list[Row], common: list[str]) -> list[Row]:
    """Drop the first of each equal rows, as many as the others have of them."""
    equal = Counter(tuple(row[c] for c in common) for row in others)
    rest = []
    for row in rows:
        cells = tuple(row[c] for c in common)
        equal[cells] -= 1
        if equal[cells] < 0 or not common:
            rest.append(row)
    return rest


def naive(
    before: tuple[Sequence[str], list[Row]],
    after: tuple[Sequence[str], list[Row]],
    key: Sequence[str],
) -> list[Change]:
    """Compare as one would by hand: no hashes, no parts, a list for each key."""
    common = [name for name in after[0] if name in before[0]]
    columns = [*after[0], *(name for name in before[0] if name not in after[0])]
    by = key if key and set(key) <= set(common) else []

    def shown(word: str, row: Row, side: Sequence[str]) -> Change:
        return (word, *(row[c] if c in side else "" for c in columns))

    removed = unmatched(before[1], after[1], common)
    added = unmatched(after[1], before[1], common)
    waiting: dict[Change, list[Row]] = defaultdict(list)
    for row in removed if by else []:
        waiting[tuple(row[name] for name in by)].append(row)
    below: list[Change] = []
    for row in added:
        pair = waiting[tuple(row[name] for name in by)] if by else []
        if pair:
            old = pair.pop(0)
            removed = [one for one in removed if one is not old]
            below.append(shown("changed-before", old, before[0]))
            below.append(shown("changed-after", row, after[0]))
        else:
            below.append(shown("added", row, after[0]))
    return [shown("removed", row, before[0]) for row in removed] + below


# Few values, so that rows and keys repeat; and none, quotes, lines, other scripts.
cell = st.sampled_from(["", "1", "2", "01", "a,b", 'q"', "x\ny", "ä"])
column_lists = st.lists(st.sampled_from(COLUMNS), unique=True, max_size=4)
key_lists = st.lists(st.sampled_from(["k", "l"]), unique=True, max_size=2)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[Row]]:
    columns = draw(column_lists)
    row = st.fixed_dictionaries(dict.fromkeys(columns, cell))
    return columns, draw(st.lists(row, max_size=12)) if columns else []


@settings(max_examples=150, deadline=None)
@given(tables(), tables(), key_lists, st.sampled_from([1, 1, 2, 5]), st.integers(1, 5))
def test_it_finds_what_a_naive_comparison_finds(
    before: Any, after: Any, key: list[str], parts: int, batch: int
) -> None:
    diff, found = compared(before, after, key=key, parts=parts, batch=batch)

    expected = naive(before, after, key)
    assert found == expected if parts == 1 else sorted(found) == sorted(expected)
    words = Counter(word for word, *_ in expected)
    assert diff.counts.added == words["added"]
    assert diff.counts.removed == words["removed"]
    assert diff.counts.changed == words["changed-before"] == words["changed-after"]
    assert (diff.counts.before, diff.counts.after) == (len(before[1]), len(after[1]))


@settings(max_examples=50, deadline=None)
@given(tables(), key_lists, st.sampled_from([1, 3]))
def test_a_table_does_not_differ_from_itself(
    table: Any, key: list[str], parts: int
) -> None:
    _, found = compared(table, table, key=key, parts=parts)

    assert found == []


def rows(*texts: str) -> list[Row]:
    return [dict(zip("kv", text.split(), strict=True)) for text in texts]


BEFORE = (["k", "v"], rows("1 a", "2 b", "3 c", "4 d"))
AFTER = (["k", "v"], rows("4 d", "2 B", "5 e", "1 a"))


def test_rows_of_one_key_are_a_change_from_one_to_the_other() -> None:
    diff, found = compared(BEFORE, AFTER, key=["k"])

    assert diff.columns == ["change", "k", "v"]
    assert found == [
        ("removed", "3", "c"),
        ("changed-before", "2", "b"),
        ("changed-after", "2", "B"),
        ("added", "5", "e"),
    ]


def test_in_many_parts_a_change_still_stands_in_two_lines_together() -> None:
    before = (["k", "v"], rows(*(f"{n} a" for n in range(200))))
    after = (["k", "v"], rows(*(f"{n} b" for n in range(200))))

    diff, found = compared(before, after, key=["k"], parts=7, batch=40)

    assert diff.counts.changed == 200
    pairs = list(zip(found[::2], found[1::2], strict=True))
    assert all(old[0] == "changed-before" for old, _ in pairs)
    assert all((old[1], "b") == (new[1], new[2]) for old, new in pairs)


@pytest.mark.parametrize("key", [[], ["gone"], ["k", "gone"]])
def test_without_a_key_in_both_rows_are_equal_as_a_whole_or_not_at_all(
    key: list[str],
) -> None:
    diff, found = compared(BEFORE, AFTER, key=key)

    assert diff.key == []
    assert [row[0] for row in found] == ["removed", "removed", "added", "added"]


def test_columns_that_came_and_went_are_told_and_do_not_change_a_row() -> None:
    before = (["k", "v"], rows("1 a", "2 b"))
    after = (["w", "k"], [{"w": "x", "k": "1"}, {"w": "y", "k": "3"}])

    diff, found = compared(before, after, key=["k"])

    assert diff.column_changes() == {
        "added": ["w"],
        "removed": ["v"],
        "reordered": False,
    }
    assert diff.columns == ["change", "w", "k", "v"]
    assert found == [("removed", "", "2", "b"), ("added", "y", "3", "")]


def test_columns_in_another_order_are_told() -> None:
    diff, found = compared((["k", "v"], rows("1 a")), (["v", "k"], rows("1 a")))

    assert diff.column_changes()["reordered"] is True
    assert found == []


def test_the_first_column_finds_a_name_that_is_free() -> None:
    diff, _ = compared((["change"], []), (["_change"], []))

    assert diff.columns == ["__change", "_change", "change"]


def test_cells_are_compared_as_text() -> None:
    with TableDiff(["a"], ["a"]) as diff:
        diff.before.add(pl.DataFrame({"a": [1, 2, None]}))
        diff.after.add(pl.DataFrame({"a": ["1", "02", None]}))
        found = pl.concat(diff.changes())

    assert found.rows() == [("removed", "2"), ("added", "02")]
