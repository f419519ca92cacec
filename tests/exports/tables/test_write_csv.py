"""CSV has the bytes that Python's csv module gives."""

import csv
import io
from datetime import date, datetime, time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables import open_writer
from exports.tables.errors import UnknownColumn
from tests.exports.tables.reading import written

# Python before 3.13 leaves a lone carriage return unquoted, and then cannot read it.
CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]))
ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=5)
)


def python_csv(columns: list[str], rows: list[tuple[object, ...]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


@settings(deadline=None)
@given(ROWS)
def test_text_has_the_same_bytes_as_the_csv_module_writes(
    rows: list[tuple[str, ...]],
) -> None:
    columns = [f'c"{number},' for number in range(len(rows[0]))]
    frame = pl.DataFrame(rows, schema=columns, orient="row")

    assert written("csv", frame) == python_csv(columns, list(rows))


@settings(deadline=None)
@given(ROWS)
def test_the_csv_module_reads_back_what_was_written(
    rows: list[tuple[str, ...]],
) -> None:
    frame = pl.DataFrame(rows, orient="row")

    text = written("csv", frame.head(1), frame.tail(-1)).decode()

    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [*map(list, rows)]


def test_numbers_have_the_same_bytes_too() -> None:
    rows: list[tuple[object, ...]] = [
        (3, 3.0, True),
        (-1, 0.1, None),
        (2**70, 1e300, None),
    ]
    schema = {"i": pl.Int128(), "f": pl.Float64(), "n": pl.Boolean()}
    frame = pl.DataFrame(
        [(*row[:2], None) for row in rows], schema=schema, orient="row"
    )

    assert written("csv", frame) == python_csv(list(schema), frame.rows())


def test_times_are_iso() -> None:
    at = datetime.fromisoformat("2020-01-02T03:04:05.5")
    frame = pl.DataFrame({"d": [date(2020, 1, 2)], "at": [at], "t": [time(3, 4, 5)]})
    zoned = frame.with_columns(z=pl.col("at").dt.replace_time_zone("UTC"))

    assert written("csv", zoned).splitlines()[1] == (
        b"2020-01-02,2020-01-02T03:04:05.500,03:04:05,2020-01-02T03:04:05.500Z"
    )


def test_nested_values_are_json() -> None:
    frame = pl.DataFrame({"s": [{"k": 'q"'}, None], "l": [[1, 2], []]})

    assert written("csv", frame) == b's,l\n"{""k"":""q\\""""}","[1,2]"\n,[]\n'


@pytest.mark.parametrize("values", [["", "x"], [None, "x"], [None, 1.5], [None, 7]])
def test_an_empty_cell_that_is_a_whole_line_is_quoted(values: list[object]) -> None:
    content = written("csv", pl.DataFrame({"a": values}))

    assert content == f'a\n""\n{values[1]}\n'.encode()


def test_a_table_without_rows_has_its_header() -> None:
    assert written("csv", pl.DataFrame({"a": [], "b,": []})) == b'a,"b,"\n'


def test_rows_follow_the_order_of_the_columns_asked_for() -> None:
    out = io.BytesIO()
    with open_writer("csv", out, ["b", "a"]) as writer:
        writer.write(pl.DataFrame({"a": [1], "b": [2], "c": [3]}))
        with pytest.raises(UnknownColumn, match="no column 'b'"):
            writer.write(pl.DataFrame({"a": [1]}))

    assert out.getvalue() == b"b,a\n2,1\n"


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\tx", "'\tx"),
        ("-5", "-5"),
        ("+1.5e3", "+1.5e3"),
        ("-0,5", "-0,5"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_formulas_can_be_made_harmless(cell: str, safe: str) -> None:
    frame = pl.DataFrame({"a": [cell], "b": ["x"]})

    content = written("csv", frame, neutralise_formulas=True).decode()

    assert list(csv.reader(io.StringIO(content)))[1] == [safe, "x"]
    assert list(csv.reader(io.StringIO(written("csv", frame).decode())))[1][0] == cell


def test_a_tsv_is_cut_by_tabs() -> None:
    assert (
        written("tsv", pl.DataFrame({"a": ["x\ty"], "b": [1]})) == b'a\tb\n"x\ty"\t1\n'
    )
