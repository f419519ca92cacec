"""One file fetched, changed and written, in every format."""

import io
import json
import zipfile
from typing import Any

import openpyxl
import polars as pl
import pytest

from tests.support.exporting import exported
from tests.support.sources import Sources, gzipped

pytestmark = pytest.mark.django_db(transaction=True)

CSV = b'id,name,price\n1,caf\xc3\xa9,1.50\n2,"a ""b"", c",\n007,=1+1,3\n'
CELLS = [["1", "café", "1.50"], ["2", 'a "b", c', ""], ["007", "=1+1", "3"]]
ROWS = [dict(zip(["id", "name", "price"], row, strict=True)) for row in CELLS]


def read(file_type: str, body: bytes) -> list[dict[str, Any]]:
    """Read an export with a reader that is not ours."""
    match file_type:
        case "json":
            rows: list[dict[str, Any]] = json.loads(body)
            return rows
        case "ndjson":
            return [json.loads(line) for line in body.splitlines()]
        case "parquet":
            return pl.read_parquet(io.BytesIO(body)).to_dicts()
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    assert sheet is not None
    head, *rest = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rest]


def test_a_csv_comes_out_with_the_cells_it_had(sources: Sources) -> None:
    body, artifact = exported(sources.put("/a.csv", CSV))

    assert body == CSV
    assert artifact.rows == 3
    assert artifact.media_type == "text/csv; charset=utf-8"


@pytest.mark.parametrize("file_type", ["json", "ndjson", "parquet"])
def test_every_format_keeps_text_as_text(sources: Sources, file_type: str) -> None:
    body, artifact = exported(sources.put("/a.csv", CSV), file_type=file_type)

    assert read(file_type, body) == ROWS
    assert artifact.rows == 3


def test_a_workbook_keeps_text_as_text_and_runs_no_formula(sources: Sources) -> None:
    body, _ = exported(sources.put("/a.csv", CSV), file_type="xlsx")

    assert read("xlsx", body) == ROWS
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    assert sheet is not None
    assert sheet["B4"].data_type == "s"


@pytest.mark.parametrize("inner", ["csv", "json", "ndjson", "parquet", "xlsx"])
def test_a_zip_holds_one_member_called_data(sources: Sources, inner: str) -> None:
    url = sources.put("/a.csv", CSV)

    body, _ = exported(url, file_type="zip", inner_type=inner)

    alone, _ = exported(url, file_type=inner)
    archive = zipfile.ZipFile(io.BytesIO(body))
    assert archive.namelist() == [f"data.{inner}"]
    assert archive.read(f"data.{inner}") == alone
    packed = archive.infolist()[0].compress_type == zipfile.ZIP_DEFLATED
    assert packed == (inner not in {"parquet", "xlsx"})  # which are packed already


def a_workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (["id", "x"], [1, 2.5], [2, None]):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def a_zip(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/a.json", b'[{"id": 1, "x": 2.0}, {"id": 2}]', b"id,x\n1,2.0\n2,\n"),
        ("/a.ndjson", b'{"id": 1, "x": 2.0}\n{"id": 2}\n', b"id,x\n1,2.0\n2,\n"),
        ("/a.tsv", b"id\tx\n1\ta,b\n", b'id,x\n1,"a,b"\n'),
        ("/a.csv.gz", gzipped(b"id,x\n1,2\n"), b"id,x\n1,2\n"),
        ("/a.zip", a_zip(b"id,x\n1,2\n"), b"id,x\n1,2\n"),
        ("/a.xlsx", a_workbook(), b"id,x\n1,2.5\n2,\n"),
        ("/a", a_workbook(), b"id,x\n1,2.5\n2,\n"),
        ("/empty.csv", b"id,x\n", b"id,x\n"),
        ("/empty.json", b"[]", b""),
    ],
    ids=["json", "ndjson", "tsv", "gz", "zip", "xlsx", "no ending", "bare", "empty"],
)
def test_every_kind_of_source_is_read(
    sources: Sources, path: str, body: bytes, expected: bytes
) -> None:
    written, _ = exported(sources.put(path, body))

    assert written == expected


def test_a_file_is_known_by_its_address_without_a_word_about_paging(
    sources: Sources,
) -> None:
    url = sources.put("/a.csv", CSV)

    body, _ = exported(f"{url}?key=x", paging=None)

    assert body == CSV


def test_a_declared_format_counts_above_the_ending(sources: Sources) -> None:
    url = sources.put("/download.csv", b"a\tb\n1\t2\n")

    body, _ = exported(url, source_format="tsv")

    assert body == b"a,b\n1,2\n"


def test_floats_have_a_point_and_what_is_not_finite_is_null_in_json(
    sources: Sources,
) -> None:
    url = sources.put("/a.csv", b"x\n3\nNaN\n-INF\n")

    csv, _ = exported(url, types={"x": "number"})
    json_, _ = exported(url, types={"x": "number"}, file_type="json")

    assert csv.splitlines()[:2] == [b"x", b"3.0"]
    assert json.loads(json_)[0] == {"x": 3.0}
    assert json.loads(json_)[1:] == [{"x": None}, {"x": None}]


def test_all_steps_of_a_transform(sources: Sources) -> None:
    url = sources.put("/a.csv", b"k,n\na,1\nb,5\na,2\nc,x\nb,7\n")

    body, artifact = exported(
        url,
        types={"n": "integer"},
        filter='k!="z"',
        group_by=["k"],
        aggregates=[{"function": "sum", "column": "n", "name": "total"}],
        sort=["-total"],
        limit=2,
    )

    assert body == b"k,total\nb,12\na,3\n"
    assert artifact.receipt["transforms"]["sort"] == [
        {"column": "total", "descending": True}
    ]
    assert artifact.receipt["misfitted"] == 1
    assert artifact.receipt["misfits"] == [{"row": 5, "column": "n", "value": "x"}]
