"""A good spec document, read into dataclasses (contract 3.1.5)."""

from typing import Any

import pytest

from registry.spec import (
    Findability,
    Meta,
    Output,
    Spec,
    Tabulator,
    dataset_of,
    owner_of,
    parse_spec,
)

# What datahub-client really sends.
VIX: dict[str, Any] = {
    "meta": {
        "version": 1,
        "ownerid": "testid",
        "owner": "test",
        "dataset": "finance-vix",
        "findability": "published",
    },
    "inputs": [
        {
            "kind": "datapackage",
            "url": "https://raw.example.com/vix/datapackage.json",
            "parameters": {
                "resource-mapping": {
                    "vix-daily": "http://testing.com/vixcurrent.csv",
                },
                "descriptor": {
                    "name": "finance-vix",
                    "resources": [
                        {
                            "name": "vix-daily",
                            "path": "data/vix-daily.csv",
                            "format": "csv",
                            "mediatype": "text/csv",
                            "encoding": "windows-1252",
                            "title": "VIX, daily",
                            "description": "Open, high, low and close",
                            "dialect": {"delimiter": ";"},
                            "schema": {"fields": [{"name": "DATE", "type": "date"}]},
                        },
                    ],
                },
            },
        },
    ],
    "processing": [
        {
            "input": "vix-daily",
            "tabulator": {"skip_rows": 2, "headers": ["DATE", "OPEN"]},
            "output": "vix-daily",
        },
    ],
    "schedule": "every 1d",
}


def spec_of(
    *resources: object,
    url: str | None = "http://example.com/pkg/datapackage.json",
    mapping: dict[str, str] | None = None,
    **others: object,
) -> Spec:
    parameters = {
        "descriptor": {"resources": list(resources)},
        "resource-mapping": mapping,
    }
    source = {"kind": "datapackage", "url": url, "parameters": parameters}
    meta = {"ownerid": "me", "dataset": "id"}
    return parse_spec({"meta": meta, "inputs": [source], **others})


def test_the_spec_of_the_real_client_is_read_whole() -> None:
    spec = parse_spec(VIX)

    assert spec.meta == Meta(
        owner="test",
        ownerid="testid",
        dataset="finance-vix",
        version=1,
        findability=Findability.PUBLISHED,
    )
    assert spec.meta.dataset_id == "testid/finance-vix"
    assert spec.url == "https://raw.example.com/vix/datapackage.json"
    assert spec.descriptor["name"] == "finance-vix"
    assert spec.period_s == 86_400
    assert spec.outputs == (
        Output(kind="zip", parameters={"out-file": "finance-vix.zip"}),
    )
    [daily] = spec.resources
    assert (daily.name, daily.source, daily.tabular) == ("vix-daily", "vix-daily", True)
    assert daily.url == "http://testing.com/vixcurrent.csv"
    assert daily.path == "data/vix-daily.csv"
    assert (daily.format, daily.mediatype) == ("csv", "text/csv")
    assert (daily.encoding, daily.dialect) == ("windows-1252", {"delimiter": ";"})
    assert (daily.title, daily.description) == (
        "VIX, daily",
        "Open, high, low and close",
    )
    assert daily.schema == {"fields": [{"name": "DATE", "type": "date"}]}
    assert daily.descriptor["mediatype"] == "text/csv"
    assert daily.tabulator == Tabulator(
        headers=("DATE", "OPEN"),
        skip_rows=2,
        sheet=None,
        options={},
    )


def test_the_owner_and_the_dataset_are_known_before_the_rest_is_read() -> None:
    contents = {"meta": {"ownerid": "me", "dataset": "id"}, "schedule": 5}

    assert owner_of(contents) == "me"
    assert dataset_of(contents) == "id"


@pytest.mark.parametrize(
    "contents",
    [
        {"meta": {"ownerid": "me"}},
        {"meta": {"ownerid": "me", "dataset": "a/b"}},
        {"meta": {"ownerid": "me", "dataset": 7}},
        {"meta": []},
        [],
        None,
    ],
)
def test_a_dataset_without_a_usable_name_has_no_name_for_the_quota(
    contents: object,
) -> None:
    assert dataset_of(contents) is None


@pytest.mark.parametrize(
    "name",
    ["a", "finance-vix", "Größe_2.1", "数据", "हिन्दी", "e\u0301", "-", "a" * 100],
)
def test_names_are_liberal(name: str) -> None:
    contents = {**VIX, "meta": {"ownerid": name, "dataset": name}}

    spec = parse_spec(contents)

    assert spec.meta.dataset_id == f"{name}/{name}"


def test_what_meta_leaves_out_has_a_default() -> None:
    spec = spec_of()

    assert spec.meta.owner == "me"
    assert spec.meta.version is None
    assert spec.meta.findability is Findability.PUBLISHED
    assert spec.period_s is None


@pytest.mark.parametrize("word", ["published", "unlisted", "private"])
def test_each_findability_is_known(word: str) -> None:
    contents = {**VIX, "meta": {**VIX["meta"], "findability": word}}

    assert parse_spec(contents).meta.findability == word


def test_a_resource_is_mapped_by_path_before_name() -> None:
    spec = spec_of(
        {"name": "a", "path": "data/a.csv"},
        {"name": "b", "path": "data/b.csv"},
        {"name": "c"},
        mapping={
            "data/a.csv": "http://raw.example.com/1",
            "a": "http://raw.example.com/2",
            "b": "http://raw.example.com/3",
            "c": "http://raw.example.com/4",
        },
    )

    assert [resource.url for resource in spec.resources] == [
        "http://raw.example.com/1",
        "http://raw.example.com/3",
        "http://raw.example.com/4",
    ]


def test_an_unmapped_resource_is_at_its_path() -> None:
    spec = spec_of(
        {"name": "there", "path": "https://other.example.com/x.csv?v=1"},
        {"name": "here", "path": "data/x.csv"},
        {"name": "listed", "path": ["data/y.csv"]},
    )

    assert [resource.url for resource in spec.resources] == [
        "https://other.example.com/x.csv?v=1",
        "http://example.com/pkg/data/x.csv",
        "http://example.com/pkg/data/y.csv",
    ]


@pytest.mark.parametrize(
    ("path", "name", "format_"),
    [
        ("data/GDP.csv", "GDP", "csv"),
        ("data/my file (2).XLSX", "my-file--2-", "xlsx"),
        ("data.json.gz", "data", "json"),
        ("archive.zip", "archive", "zip"),
        ("https://example.com/a/b.ndjson?token=1.2", "b", "ndjson"),
        ("README", "README", None),
        (".env.csv", "env", "csv"),
    ],
)
def test_name_and_format_come_from_the_path_where_they_are_not_given(
    path: str,
    name: str,
    format_: str | None,
) -> None:
    [resource] = spec_of({"path": path}).resources

    assert (resource.name, resource.format) == (name, format_)


def test_inline_data_is_kept() -> None:
    [resource] = spec_of({"name": "two", "data": [{"a": 1}, {"a": 2}]}).resources

    assert resource.url is None
    assert resource.data == [{"a": 1}, {"a": 2}]


def test_a_resource_is_a_table_when_it_has_a_schema() -> None:
    spec = spec_of(
        {"name": "table", "path": "a.csv", "schema": {"fields": [{"name": "x"}]}},
        {"name": "loose", "path": "b.csv", "schema": {}},
        {"name": "file", "path": "c.csv"},
        {"name": "null", "path": "d.csv", "schema": None},
        {"name": "map", "path": "e.geojson", "schema": {}},
    )

    assert [resource.tabular for resource in spec.resources] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_processing_takes_the_place_of_its_input() -> None:
    spec = spec_of(
        {"name": "book", "path": "book.xlsx"},
        {"name": "plain", "path": "plain.csv", "schema": {}},
        processing=[
            {
                "input": "book",
                "output": "first",
                "tabulator": {"sheet": 1, "headers": 3, "encoding": "latin-1"},
            },
            {
                "input": "book",
                "output": "second",
                "tabulator": {"sheet": "Two", "delimiter": ";"},
                "schema": {"fields": [{"name": "x", "type": "integer"}]},
            },
        ],
    )

    first, second, plain = spec.resources
    assert (first.name, first.source, first.tabular) == ("first", "book", True)
    assert (first.format, first.encoding, first.schema) == ("xlsx", "latin-1", None)
    assert first.tabulator == Tabulator(headers=3, skip_rows=0, sheet=1, options={})
    assert (second.name, second.source) == ("second", "book")
    assert second.schema == {"fields": [{"name": "x", "type": "integer"}]}
    assert second.tabulator is not None
    assert second.tabulator.options == {"delimiter": ";"}
    assert plain.name == "plain"


def test_processing_without_an_output_keeps_the_name() -> None:
    spec = spec_of({"name": "a", "path": "a.csv"}, processing=[{"input": "a"}])

    [resource] = spec.resources
    assert (resource.name, resource.tabular, resource.tabulator) == ("a", True, None)


def test_a_zip_is_added_only_where_none_is_asked_for() -> None:
    asked = spec_of(
        outputs=[
            {"kind": "sqlite"},
            {"kind": "zip", "parameters": {"out-file": "all.zip", "level": 9}},
        ],
    )
    not_asked = spec_of(outputs=[{"kind": "rdbms", "parameters": {"engine": "x"}}])
    unnamed = spec_of(outputs=[{"kind": "zip"}])

    assert asked.zip_file == "all.zip"
    assert asked.outputs[1].parameters == {"out-file": "all.zip", "level": 9}
    assert not_asked.zip_file == "id.zip"
    assert [output.kind for output in not_asked.outputs] == ["rdbms", "zip"]
    assert unnamed.zip_file == "id.zip"


def test_the_document_is_left_as_it_was() -> None:
    before = repr(VIX)

    parse_spec(VIX)

    assert repr(VIX) == before
