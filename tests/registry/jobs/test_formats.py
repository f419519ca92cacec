"""Sources of every kind a spec can name, each read as the table it is."""

import io
import json
import zipfile
from typing import Any

import openpyxl
import pytest
from django.test import Client

from tests.support.sources import Sources, gzipped
from tests.support.specstore import Json, file_of, run_to_end, spec_of, table

CSV = b"n,m\n1,x\n2,y\n"
ROWS = [{"n": 1, "m": "x"}, {"n": 2, "m": "y"}]
FIELDS = ("n:integer", "m")

pytestmark = pytest.mark.django_db(transaction=True)


def json_of(client: Client, resource: Json, **changes: Any) -> Any:
    """Publish one resource and return its rows."""
    revision = run_to_end(client, spec_of(resource, **changes))
    assert revision["error_log"] == []
    assert revision["state"] == "SUCCEEDED"
    name = revision["id"]
    return json.loads(file_of(client, name, f"data/{resource['name']}_json.json"))


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/a.csv", CSV),
        ("/a.csv", b"\xef\xbb\xbf" + CSV),
        ("/a.csv", CSV.replace(b"\n", b"\r\n")),
        ("/a.csv", CSV.replace(b",", b";")),
        ("/a.tsv", CSV.replace(b",", b"\t")),
        ("/a.csv", CSV.decode().encode("utf-16")),
        ("/a", CSV),
        ("/a.csv.gz", gzipped(CSV)),
        ("/a.csv", gzipped(CSV)),
        ("/a.zip", zipped(a__csv=CSV)),
        ("/a.csv.zip", zipped(a__csv=CSV)),
        ("/a.json", json.dumps(ROWS).encode()),
        ("/a.json", json.dumps(ROWS, indent=2).encode()),
        ("/a.ndjson", b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)),
        ("/a.json.gz", gzipped(json.dumps(ROWS).encode())),
        ("/a.xlsx", workbook(data=[["n", "m"], [1, "x"], [2, "y"]])),
    ],
    # Some contents hold the time they were made at, which no test's name may.
    ids=[f"file {number}" for number in range(16)],
)
def test_a_table_is_read_from_any_kind_of_file(
    client: Client, sources: Sources, path: str, content: bytes
) -> None:
    url = sources.put(path, content)

    assert json_of(client, table("a", url, *FIELDS)) == ROWS


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        [["n", "m"], [1, "x"], [2, "y"]],
        [["n", "m"], ["1", "x"], ["2", "y"]],
    ],
)
def test_inline_data_is_a_table(client: Client, data: object) -> None:
    resource = table("a", "", *FIELDS, data=data)
    del resource["path"]

    assert json_of(client, resource) == ROWS


def test_a_table_without_a_row_or_a_column_is_a_table(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.json", b"[]")

    assert json_of(client, table("a", url)) == []


@pytest.mark.parametrize("format_", ["csv", None])
def test_inline_text_is_a_table(client: Client, format_: str | None) -> None:
    resource = table("a", "", *FIELDS, data=CSV.decode(), format=format_)
    del resource["path"]

    assert json_of(client, resource) == ROWS


def test_tabulator_skips_rows_and_names_columns(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/vix.csv", b"CBOE Volatility Index\nDate,Open\n1,x\n2,y\n")
    processing = [
        {
            "input": "vix",
            "tabulator": {"skip_rows": 2, "headers": ["n", "m"]},
            "output": "daily",
        }
    ]
    spec = spec_of(table("vix", url, *FIELDS), processing=processing)

    revision = run_to_end(client, spec)

    assert revision["state"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "data/daily_csv.csv") == CSV
    assert json.loads(file_of(client, "me/id/1", "data/daily_json.json")) == ROWS


def test_tabulator_finds_the_header_below_other_rows(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.csv", b"Title\n\nn,m\n1,x\n2,y\n")
    processing = [{"input": "a", "tabulator": {"headers": 3, "skip_rows": 2}}]

    assert json_of(client, table("a", url, *FIELDS), processing=processing) == ROWS


def test_tabulator_makes_a_table_of_what_had_no_schema(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.xlsx", workbook(one=[["?"]], two=[["n", "m"], [1, "x"]]))
    processing = [{"input": "a", "tabulator": {"sheet": "two"}, "output": "b"}]
    spec = spec_of({"name": "a", "path": url}, processing=processing)

    revision = run_to_end(client, spec)

    assert revision["error_log"] == []
    assert file_of(client, "me/id/1", "data/b_csv.csv") == b"n,m\n1,x\n"


def test_two_tables_out_of_one_file_fetch_it_once(
    client: Client, sources: Sources
) -> None:
    book = workbook(one=[["n", "m"], [1, "x"]], two=[["n", "m"], [2, "y"]])
    url = sources.put("/a.xlsx", book)
    processing = [
        {"input": "a", "tabulator": {"sheet": number}, "output": f"sheet{number}"}
        for number in (1, 2)
    ]
    spec = spec_of(table("a", url, *FIELDS), processing=processing)

    revision = run_to_end(client, spec)

    assert revision["state"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "data/sheet1_csv.csv") == b"n,m\n1,x\n"
    assert file_of(client, "me/id/1", "data/sheet2_csv.csv") == b"n,m\n2,y\n"
    assert len(sources.seen["/a.xlsx"]) == 1


def test_a_dialect_and_an_encoding_are_followed(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.csv", "n|m\n1|'ä|b'\n".encode("cp1252"))
    dialect = {"delimiter": "|", "quoteChar": "'"}
    resource = table("a", url, *FIELDS, dialect=dialect, encoding="cp1252")

    assert json_of(client, resource) == [{"n": 1, "m": "ä|b"}]


def test_a_resource_that_is_no_table_is_copied_and_packed(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/readme.md", b"# About\n")

    revision = run_to_end(client, spec_of({"name": "readme", "path": url}))

    assert revision["state"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "archive/readme.md") == b"# About\n"
    with zipfile.ZipFile(io.BytesIO(file_of(client, "me/id/1", "id.zip"))) as archive:
        assert archive.read("archive/readme.md") == b"# About\n"


def test_a_mapping_says_where_a_path_is_to_be_fetched(
    client: Client, sources: Sources
) -> None:
    spec = spec_of(table("a", "data/a.csv", *FIELDS))
    mapping = {"a": sources.put("/elsewhere", CSV)}
    spec["inputs"][0]["parameters"]["resource-mapping"] = mapping

    revision = run_to_end(client, spec)

    assert revision["state"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "archive/a.csv") == CSV


def test_a_relative_path_is_beside_the_descriptor(
    client: Client, sources: Sources
) -> None:
    sources.put("/set/data/a.csv", CSV)
    spec = spec_of(table("a", "data/a.csv", *FIELDS))
    spec["inputs"][0]["url"] = sources.url("/set/datapackage.json")

    assert run_to_end(client, spec)["state"] == "SUCCEEDED"


def test_a_redirect_is_followed(client: Client, sources: Sources) -> None:
    sources.put("/b.csv", CSV)
    url = sources.fails("/a.csv", "302 Found", f"Location: {sources.url('/b.csv')}")

    assert json_of(client, table("a", url, *FIELDS)) == ROWS


def test_a_query_string_is_sent_and_never_shown(
    client: Client, sources: Sources
) -> None:
    url = f"{sources.put('/a.csv', CSV)}?token=s3cret"
    bad = f"{sources.fails('/b.csv', '404 Not Found')}?token=s3cret"

    revision = run_to_end(
        client, spec_of(table("a", url, *FIELDS), table("b", bad, *FIELDS))
    )

    assert sources.seen["/a.csv"][0].path == "/a.csv?token=s3cret"
    shown = {name: revision[name] for name in ("logs", "error_log", "pipelines")}
    assert "s3cret" not in json.dumps(shown)
