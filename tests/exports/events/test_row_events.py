"""Revisions of a table: only rows that are new become events."""

import tempfile
from collections import Counter
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from exports.events import Known, known_ids
from exports.events.rows import as_events
from tests.exports.events.histories import some
from tests.exports.events.logs import Stream, a_stream

ROWS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


def test_a_revision_that_is_appended_again_adds_nothing(stream: Stream) -> None:
    table = pl.DataFrame({"n": [1, 1, 2], "s": ["x", "x", None]})

    assert stream.revise([table]) == 3
    assert stream.revise([table]) == 0
    assert stream.revise([table.reverse().select("s", "n")]) == 0


def test_rows_that_are_in_the_tail_or_compacted_are_known(stream: Stream) -> None:
    table = pl.DataFrame({"n": ["1", "2"]})
    stream.revise([table])
    stream.compact()

    assert stream.revise([pl.concat([table, pl.DataFrame({"n": ["3"]})])]) == 1


@some
@given(st.lists(ROWS, min_size=1, max_size=4), st.integers(1, 3))
def test_a_revision_adds_what_it_has_more_of_than_the_log(
    revisions: list[list[str]], size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        there: Counter[str] = Counter()
        for rows in revisions:
            frames = pl.DataFrame({"n": rows}, {"n": pl.String}).iter_slices(size)
            new = Counter(rows) - there
            assert stream.revise(frames) == new.total()
            there |= Counter(rows)


def test_the_same_row_of_another_stream_has_another_uuid(tmp_path: Path) -> None:
    table = pl.DataFrame({"n": ["1"]})
    one, other = a_stream(tmp_path / "a"), a_stream(tmp_path / "b")
    one.name = "o/d#one"
    for stream in (one, other):
        stream.revise([table])

    assert not known_ids(one.log(), one.store).has(other.uuids()).any()
    assert known_ids(one.log(), one.store).has(one.uuids()).all()
    assert not Known([]).has(one.uuids()).any()


def test_columns_of_our_keys_names_are_renamed() -> None:
    table = pl.DataFrame(
        {"uuid": ["x"], "insertion time": ["y"], "uuid (source)": ["z"], "\x01a": ["q"]}
    )

    assert as_events(table).to_dicts() == [
        {
            "uuid (source)": "x",
            "insertion time (source)": "y",
            "uuid (source) (source)": "z",
            "�a": "q",
        }
    ]


def test_cells_become_texts_and_lists_of_scalars_lists_of_texts() -> None:
    table = pl.DataFrame(
        {
            "number": [1.5, None],
            "truth": [True, None],
            "list": [[1, None, 2], []],
            "nested": [[[1]], None],
            "nothing": [None, None],
        }
    )

    assert as_events(table).to_dicts() == [
        {
            "number": "1.5",
            "truth": "true",
            "list": ["1", "2"],
            "nested": "[[1]]",
            "nothing": None,
        },
        dict.fromkeys(table.columns),
    ]
