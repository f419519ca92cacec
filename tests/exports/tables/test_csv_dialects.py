"""How a file is laid out is seen from its first rows, or said."""

import io

import pytest

from exports.tables import Dialect, open_table, read_dialect
from exports.tables.errors import BadHeader
from tests.exports.tables.reading import read


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected(mark: str) -> None:
    content = f"a{mark}b\n1,5{mark}2\n".encode() if mark != "," else b"a,b\n1.5,2\n"

    names, rows = read(content)

    assert names == ["a", "b"]
    assert len(rows[0]) == 2


def test_a_declared_delimiter_wins() -> None:
    assert read(b"a,b\n1,2\n", dialect=Dialect(delimiter=";")) == (["a,b"], [("1,2",)])


def test_one_column_with_commas_in_its_text_stays_one_column() -> None:
    content = b"title\nred; green\n'tis a pipe | here\n"

    assert read(content)[0] == ["title"]


def test_tabs_count_most_in_a_tsv() -> None:
    assert read(b"a, b\tc, d\n1, 2\t3, 4\n", "x.tsv")[1] == [("1, 2", "3, 4")]


def test_single_quotes_are_detected_when_all_of_the_header_has_them() -> None:
    assert read(b"'a','b'\n'1,5','2'\n")[1] == [("1,5", "2")]


def test_quotes_can_be_declared_to_mean_nothing() -> None:
    assert read(b'a,b\n5" pipe,"x\n', dialect=Dialect(quote=""))[1] == [
        ('5" pipe', '"x')
    ]


def test_lines_before_the_header_are_skipped_whatever_they_hold() -> None:
    content = b'a "disclaimer, unclosed\nDate,VIX\n2004-01-02,18.22\n'
    dialect = Dialect(skip_rows=2, headers=("Date", "Close"))

    assert read(content, dialect=dialect) == (
        ["Date", "Close"],
        [("2004-01-02", "18.22")],
    )


def test_the_header_may_be_in_a_later_row() -> None:
    assert read(b"junk,\nmore,\na,b\n1,2\n", dialect=Dialect(headers=3))[0] == [
        "a",
        "b",
    ]


def test_a_header_of_two_rows_is_joined() -> None:
    content = b"Area,Value,\n,2020,2021\nx,1,2\n"

    assert read(content, dialect=Dialect(headers=(1, 2))) == (
        ["Area", "Value 2020", "2021"],
        [("x", "1", "2")],
    )


def test_the_table_says_what_was_found_and_where_the_data_begins() -> None:
    content = "über;b\n1;2\n".encode("cp1252")
    with open_table(io.BytesIO(b"note\n" + content), name="x.csv") as table:
        assert table.columns == ["note"]

    dialect = Dialect(skip_rows=1)
    source = io.BytesIO(b"note\n" + content)
    with open_table(source, name="x.csv", dialect=dialect) as table:
        assert table.dialect.delimiter == ";"
        assert table.dialect.encoding == "cp1252"
        assert table.first_row == 3


def test_a_descriptor_becomes_a_dialect_and_tabulator_wins() -> None:
    resource = {"encoding": "latin-1", "dialect": {"delimiter": ";", "quoteChar": "'"}}
    tabulator = {"skip_rows": 2, "headers": ["a", "b"], "delimiter": "|"}

    assert read_dialect(resource, tabulator) == Dialect(
        delimiter="|",
        encoding="latin-1",
        quote="'",
        headers=("a", "b"),
        skip_rows=2,
    )


@pytest.mark.parametrize(
    "tabulator",
    [
        {"skip_rows": -1},
        {"skip_rows": "2"},
        {"skip_rows": True},
        {"headers": 0},
        {"headers": []},
        {"headers": [3, 1]},
        {"headers": [1, "a"]},
        {"headers": None},
        {"sheet": 0},
        {"delimiter": 5},
        {"encoding": []},
    ],
)
def test_a_dialect_that_makes_no_sense_is_refused(tabulator: dict[str, object]) -> None:
    with pytest.raises(BadHeader, match="must be"):
        read_dialect({}, tabulator)


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(delimiter=";;"),
        Dialect(delimiter="é"),
        Dialect(delimiter="\n"),
        Dialect(delimiter='"', quote='"'),
    ],
)
def test_marks_that_cannot_work_are_refused(dialect: Dialect) -> None:
    with pytest.raises(BadHeader, match="single ASCII characters"):
        read(b"a,b\n1,2\n", dialect=dialect)
