"""What is wrong with a delimited text is said with its place."""

import pytest

from exports.tables import Dialect
from exports.tables.errors import (
    BadHeader,
    BadRow,
    NotATable,
    TableError,
    TooLarge,
)
from tests.exports.tables.reading import read


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", NotATable, "'data.csv' is empty."),
        (b"\n\n\n", BadHeader, "The file is empty: it has no header row."),
        (b"a,b,a\n", BadHeader, "Columns 1 and 3 are both called 'a'."),
        (b"a,,c\n", BadHeader, "Column 2 has no name in the header row."),
        (b"a, ,c\n", BadHeader, "Column 2 has no name in the header row."),
        (b"a,b\0c\nx,y\n", BadHeader, "The name of column 2 holds a NUL character."),
        (b"a,b\n1\n", BadRow, "Row 2 has 1 cells where 2 are expected."),
        (b"a,b\n1,2\n3,4,5\n", BadRow, "Row 3 has 3 cells where 2 are expected."),
        (
            b'a,b\n1,"x\n2,3\n',
            BadRow,
            "The last row opens a quote and never closes it.",
        ),
        (bytes(range(9)) * 9, NotATable, "The file holds binary data, not text."),
    ],
)
def test_bad_text_is_refused(
    content: bytes, error: type[TableError], message: str
) -> None:
    with pytest.raises(error) as caught:
        read(content)

    assert str(caught.value) == message


def test_a_ragged_row_is_found_beyond_the_first_frame() -> None:
    content = b"a,b\n" + b"1,2\n" * 1_500_000 + b"3\n"

    with pytest.raises(BadRow) as caught:
        read_frames(content)

    assert caught.value.row == 1_500_002


def read_frames(content: bytes) -> None:
    read(content, dialect=Dialect(delimiter=","))


def test_rows_are_counted_from_the_start_of_the_file() -> None:
    with pytest.raises(BadRow, match="Row 5 has 1 cells"):
        read(b"note\nnote\na,b\n1,2\n3\n", dialect=Dialect(skip_rows=2))


def test_a_header_that_never_comes_is_refused() -> None:
    with pytest.raises(BadHeader, match="should be in row 4, but the file has 2 rows"):
        read(b"a,b\n1,2\n", dialect=Dialect(headers=4))


def test_declared_names_must_fit_the_rows() -> None:
    with pytest.raises(BadRow, match="has 2 cells where 3 are expected"):
        read(b"1,2\n", dialect=Dialect(headers=("a", "b", "c")))


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(BadHeader, match=r"does not end within|field larger"):
        read(b"x" * (2 << 20))


def test_a_row_beyond_the_block_is_refused() -> None:
    content = b'a,b\n1,"' + b"x" * (9 << 20) + b'"\n2,3\n'

    with pytest.raises(TooLarge, match="longer than 4 MiB"):
        read(content)


def test_five_thousand_columns_are_no_trouble() -> None:
    header = ",".join(f"c{number}" for number in range(5000))

    names, rows = read(f"{header}\n{header}\n".encode())

    assert len(names) == len(rows[0]) == 5000


def test_what_a_bad_row_says_is_not_taken_for_the_fault() -> None:
    content = b"a,b\n1,2\nIn CSV column #7: Row #9: invalid UTF8 straddling\n"

    with pytest.raises(BadRow, match="Row 3 has 1 cells where 2 are expected"):
        read(content)
