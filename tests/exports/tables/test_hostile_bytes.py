"""Whatever the bytes are, the only answer besides a table is a TableError."""

import gzip
import io

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables import open_table, open_writer
from exports.tables.errors import TableError
from tests.exports.tables.reading import written

CSV = 'a,b;c"\n1,"2\n",3\né,ü\t|\r\n'.encode()
JSON = b'[{"a":1,"b":[1,{"c":"x\\u00e9"}]},{"a":2.5e3,"b":null}]'
NDJSON = b'{"a":1,"b":"x"}\n{"a":true,"c":{"d":[]}}\n'
NOISE = st.sampled_from(
    [b'"', b"\n", b"\0", b"\xff", b"{", b"]", b",", b"\\u", b"9e99"]
)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a", "b"])
    book.worksheets[0].append([1, "x"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SEEDS = {
    "x.csv": CSV,
    "x.tsv": CSV.decode().encode("utf-16"),
    "x.csv.gz": gzip.compress(CSV, mtime=0),
    "x.json": JSON,
    "x.ndjson": NDJSON,
    "x.xlsx": workbook(),
    "x.parquet": written("parquet", pl.DataFrame({"a": [1, None], "b": ["x", "y"]})),
}


def survive(content: bytes, name: str) -> None:
    out = io.BytesIO()
    message = "None."
    try:
        with (
            open_table(io.BytesIO(content), name=name) as table,
            open_writer("csv", out, table.columns) as writer,
        ):
            for frame in table:
                writer.write(frame)
    except TableError as error:
        message = str(error)
    assert message.endswith(".")


@pytest.mark.parametrize("name", SEEDS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_file_never_raises_anything_else(
    name: str, data: st.DataObject
) -> None:
    content = SEEDS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 12))
        content = content[:at] + data.draw(NOISE) + content[at + cut :]
    survive(content, name)


@pytest.mark.parametrize("name", SEEDS)
@settings(deadline=None, max_examples=40)
@given(content=st.binary(max_size=200))
def test_random_bytes_never_raise_anything_else(name: str, content: bytes) -> None:
    survive(content, name)
