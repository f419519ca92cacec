"""The main job end to end: a spec goes in, finished files come out."""

import csv
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from tests.support.sources import Sources, csv_of
from tests.support.specstore import file_of, run_to_end, spec_of, states_of, table

GDP = csv_of(
    [
        ("Country", "Code", "Year", "Value", "Note"),
        ("Austria", "AUT", 1960, "6592693841.18", '"first, of many"'),
        ("Austria", "AUT", 1961, "7311749633.36", ""),
        ("Česko", "CZE", 2001, "-0.5", '"said ""no"""'),
        ("Côte d'Ivoire", "CIV", "0007", "1e3", "=1+1"),
    ]
)
FIELDS = ("Country", "Code", "Year:integer", "Value:number", "Note")
REGIONS = csv_of([("code", "region"), ("AUT", "Europe"), ("CZE", "Europe")])

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def spec(sources: Sources) -> dict[str, Any]:
    gdp = table("gdp", sources.put("/data/gdp.csv", GDP), *FIELDS, title="GDP")
    regions = table("regions", sources.put("/r.csv", REGIONS), "code", "region")
    return spec_of(gdp, regions)


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


def test_one_table_is_made_by_seven_pipelines(client: Client, sources: Sources) -> None:
    url = sources.put("/gdp.csv", GDP)

    revision = run_to_end(client, spec_of(table("gdp", url, *FIELDS)))

    assert revision["state"] == "SUCCEEDED"
    assert states_of(revision) == {
        "validation_report": "SUCCEEDED",
        "gdp_csv": "SUCCEEDED",
        "gdp_json": "SUCCEEDED",
        "id_zip": "SUCCEEDED",
        "gdp_csv_preview": "SUCCEEDED",
        "gdp": "SUCCEEDED",
        "": "SUCCEEDED",
    }
    titles = {one["title"] for one in revision["pipelines"].values()}
    assert titles == {
        "Validating package contents",
        "Creating CSV",
        "Creating JSON",
        "Creating ZIP",
        "Generating views",
        "Copying source data",
        "Creating Package",
    }
    assert revision["error_log"] == []
    assert len(sources.seen["/gdp.csv"]) == 1


def test_two_tables_and_an_image_are_made_by_thirteen(
    client: Client, sources: Sources, spec: dict[str, Any]
) -> None:
    image = {"name": "logo", "path": sources.put("/logo.png", b"\x89PNG\r\n\x1a\n...")}
    spec["inputs"][0]["parameters"]["descriptor"]["resources"].append(image)

    revision = run_to_end(client, spec)

    assert revision["state"] == "SUCCEEDED"
    assert len(revision["pipelines"]) == 1 + 2 + 2 + 1 + 2 + 3 + 1
    assert "logo_csv" not in states_of(revision)
    assert file_of(client, "me/id/1", "archive/logo.png").startswith(b"\x89PNG")


def test_the_csv_is_the_source_cell_by_cell(
    client: Client, spec: dict[str, Any]
) -> None:
    run_to_end(client, spec)

    made = rows_of(file_of(client, "me/id/1", "data/gdp_csv.csv"))

    assert made == rows_of(GDP)
    assert made[4] == ["Côte d'Ivoire", "CIV", "0007", "1e3", "=1+1"]


def test_the_json_has_the_types_of_the_schema(
    client: Client, spec: dict[str, Any]
) -> None:
    run_to_end(client, spec)

    rows = json.loads(file_of(client, "me/id/1", "data/gdp_json.json"))

    assert rows[0] == {
        "Country": "Austria",
        "Code": "AUT",
        "Year": 1960,
        "Value": 6592693841.18,
        "Note": "first, of many",
    }
    assert rows[2]["Value"] == -0.5
    assert rows[2]["Note"] == 'said "no"'
    assert rows[3]["Year"] == 7
    assert rows[3]["Value"] == 1000
    assert len(rows) == 4


def test_the_copy_is_the_source_byte_by_byte(
    client: Client, spec: dict[str, Any]
) -> None:
    run_to_end(client, spec)

    assert file_of(client, "me/id/1", "archive/gdp.csv") == GDP
    assert file_of(client, "me/id/1", "archive/regions.csv") == REGIONS


def test_the_package_describes_each_file_as_it_is_served(
    client: Client, spec: dict[str, Any]
) -> None:
    run_to_end(client, spec)

    package = json.loads(file_of(client, "me/id/1", "datapackage.json"))

    assert package["name"] == "id"
    assert package["id"] == "me/id/1"
    names = [one["name"] for one in package["resources"]]
    assert sorted(names) == sorted({*names})
    assert set(names) == {
        *("gdp", "gdp_csv", "gdp_json", "gdp_csv_preview", "validation_report"),
        *("regions", "regions_csv", "regions_json", "regions_csv_preview", "id_zip"),
    }
    for one in package["resources"]:
        body = file_of(client, "me/id/1", one["path"])
        assert one["bytes"] == len(body)
        assert one["hash"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    by_name = {one["name"]: one for one in package["resources"]}
    assert by_name["gdp_csv"]["count_of_rows"] == 4
    assert by_name["gdp_csv"]["schema"]["fields"][2] == {
        "name": "Year",
        "type": "integer",
    }
    assert package["count_of_rows"] == 4 + 2


def test_stats_are_facts_that_can_be_counted(
    client: Client, spec: dict[str, Any]
) -> None:
    revision = run_to_end(client, spec)

    package = file_of(client, "me/id/1", "datapackage.json")
    files = [one["path"] for one in json.loads(package)["resources"]]
    sizes = {path: len(file_of(client, "me/id/1", path)) for path in files}
    assert revision["stats"] == {
        "bytes": sum(sizes.values()),
        "count_of_rows": 6,
        "dataset_name": "id",
        "hash": hashlib.sha256(package).hexdigest(),
    }
    made = revision["pipelines"]["me/id/1/gdp_csv"]["stats"]
    body = file_of(client, "me/id/1", "data/gdp_csv.csv")
    assert made == {
        "bytes": len(body),
        "count_of_rows": 4,
        "dataset_name": "id",
        "hash": hashlib.sha256(body).hexdigest(),
    }


def test_the_zip_holds_what_was_made(client: Client, spec: dict[str, Any]) -> None:
    run_to_end(client, spec)

    body = file_of(client, "me/id/1", "id.zip")

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert archive.read(name) == file_of(client, "me/id/1", name)
        assert len(archive.namelist()) == 2 * 3 + 1


def test_the_zip_has_the_name_that_was_asked_for(
    client: Client, spec: dict[str, Any]
) -> None:
    outputs = [{"kind": "zip", "parameters": {"out-file": "all.of.it.zip"}}]

    revision = run_to_end(client, spec | {"outputs": outputs})

    assert states_of(revision)["all_of_it_zip"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "all.of.it.zip").startswith(b"PK")


def test_the_preview_ends_after_ten_thousand_rows(
    client: Client, sources: Sources
) -> None:
    many = csv_of([("n", "m"), *((number, "x") for number in range(10_001))])
    url = sources.put("/many.csv", many)

    revision = run_to_end(client, spec_of(table("many", url, "n:integer", "m")))

    shown = json.loads(file_of(client, "me/id/1", "data/many_csv_preview.json"))
    assert shown["fields"] == [
        {"name": "n", "type": "integer"},
        {"name": "m", "type": "string"},
    ]
    assert shown["rows"] == [[number, "x"] for number in range(10_000)]
    assert revision["stats"]["count_of_rows"] == 10_001


def test_the_log_says_what_each_pipeline_did(client: Client, sources: Sources) -> None:
    url = sources.put("/gdp.csv", GDP)

    revision = run_to_end(client, spec_of(table("gdp", url, *FIELDS)))

    log = "\n".join(revision["logs"])
    assert f"Copying source data: gdp: fetched {len(GDP)} bytes" in log
    assert "Creating CSV: gdp: wrote 4 rows" in log
    assert "Validating package contents: id: checked 4 rows, found 0 errors" in log
    assert len(revision["logs"]) >= 7


def test_a_private_spec_is_made_and_kept_private(
    client: Client, spec: dict[str, Any]
) -> None:
    spec["meta"]["findability"] = "private"

    revision = run_to_end(client, spec)

    assert revision["state"] == "SUCCEEDED"
    assert client.get("/datasets/me/id/1/datapackage.json").status_code == 404


def test_an_empty_table_is_a_table(client: Client, sources: Sources) -> None:
    url = sources.put("/a.csv", b"n,m\n")

    revision = run_to_end(client, spec_of(table("a", url, "n:integer", "m")))

    assert revision["state"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "data/a_csv.csv") == b"n,m\n"
    assert json.loads(file_of(client, "me/id/1", "data/a_json.json")) == []
    assert revision["stats"]["count_of_rows"] == 0


def test_a_spec_of_nothing_gives_an_empty_zip(client: Client) -> None:
    spec = spec_of()
    spec["meta"]["dataset"] = "empty"

    revision = run_to_end(client, spec)

    assert set(states_of(revision)) == {"validation_report", "empty_zip", ""}
    body = file_of(client, "me/empty/1", "empty.zip")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["data/validation_report.json"]


def test_names_that_differ_little_keep_their_own_files(
    client: Client, sources: Sources
) -> None:
    """What makes a file name safe must not make two names one."""
    resources = [
        table(name, sources.put(f"/{number}{end}", f"n\n{number}\n".encode()), "n")
        for number, (name, end) in enumerate(
            [
                *(("a", ".csv"), ("a.csv", ""), ("A", ".csv"), ("con", ".csv")),
                *(("_con", ".csv"), ("e\u0301", ".csv"), ("\u00e9", ".csv")),
                *(("b", ""), ("b.", "")),
            ]
        )
    ]

    revision = run_to_end(client, spec_of(*resources))

    assert revision["error_log"] == []
    package = json.loads(file_of(client, "me/id/1", "datapackage.json"))
    for number, resource in enumerate(resources):
        name = resource["name"]
        body = file_of(client, "me/id/1", f"data/{name}_csv.csv")
        assert body == f"n\n{number}\n".encode()
    paths = [one["path"] for one in package["resources"]]
    assert len({path.casefold() for path in paths if path[:3] == "arc"}) == 9
