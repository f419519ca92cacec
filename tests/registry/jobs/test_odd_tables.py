"""Odd descriptions of good files: a clear error or none, and never our own fault."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.support.sources import Sources
from tests.support.specstore import Json, run_to_end, spec_of, states_of, table

GOOD = b"n,m\n1,x\n2,y\n"

pytestmark = pytest.mark.django_db(transaction=True)


def schema(*fields: Json, **changes: Any) -> Json:
    return {"schema": {"fields": list(fields)} | changes}


def field(**changes: Any) -> Json:
    return schema({"name": "n"} | changes)


DESCRIPTIONS: list[Json] = [
    {"dialect": {"delimiter": 7}},
    {"dialect": {"delimiter": ",,"}},
    {"dialect": {"delimiter": [","]}},
    {"dialect": {"delimiter": "\u2603"}},
    {"dialect": {"quoteChar": 7}},
    {"dialect": {"quoteChar": {}}},
    {"encoding": "\u2603"},
    {"encoding": "idna"},
    {"mediatype": "text/html"},
    {"mediatype": "\u2603;;="},
    {"format": "pdf"},
    {"format": "a/b"},
    {"format": "xlsx"},
    {"format": "." * 300},
    {"schema": {}},
    schema(),
    schema({"name": "n"}, missingValues=7),
    schema({"name": "n"}, primaryKey={"a": 1}),
    schema({"name": "n"}, foreignKeys=["x"]),
    schema({"name": "n"}, {"name": "n"}),
    field(type=7),
    field(type="geojson"),
    field(type="date", format="%Q%"),
    field(type="date", format=[]),
    field(type="number", decimalChar=""),
    field(constraints=[1]),
    field(constraints={"enum": 7}),
    field(constraints={"enum": [{}]}),
    field(constraints={"minimum": {}}),
    field(constraints={"pattern": "("}),
    field(constraints={"pattern": 7}),
    field(constraints={"maxLength": 2**63}),
    field(type="integer", constraints={"maximum": 2**63}),
]
TABULATORS: list[Json] = [
    {"headers": 50},
    {"headers": ["n", "n"]},
    {"headers": ["", "m"]},
    {"headers": ["n"]},
    {"headers": ["n", "m", "o"]},
    {"headers": 2**62},
    {"skip_rows": 10**6},
    {"skip_rows": 2**62},
    {"sheet": 2**62},
    {"sheet": "none"},
    {"delimiter": 7},
    {"delimiter": ["a"]},
    {"delimiter": ""},
    {"quotechar": 7},
    {"unknown": {"a": [1]}},
]


def tables(sources: Sources, count: int) -> list[Json]:
    urls = [sources.put(f"/t{number}.csv", GOOD) for number in range(count)]
    return [table(f"t{number}", url, "n", "m") for number, url in enumerate(urls)]


def each_error_names_its_table(revision: Json, sources: Sources) -> None:
    for line in revision["error_log"]:
        name = line.partition(" ")[0]
        assert line.startswith(f"{name} ({sources.url(f'/{name}.csv')}): "), line


def each_table_is_made_or_told(revision: Json, sources: Sources) -> None:
    each_error_names_its_table(revision, sources)
    failed = {line.partition(" ")[0] for line in revision["error_log"]}
    for id_, state in states_of(revision).items():
        if id_.endswith(("_csv", "_json")):
            wanted = "FAILED" if id_.rpartition("_")[0] in failed else "SUCCEEDED"
            assert state == wanted, id_


def test_an_odd_description_of_a_table_is_never_our_fault(
    client: Client, sources: Sources
) -> None:
    plain = tables(sources, len(DESCRIPTIONS))
    odd = [one | change for one, change in zip(plain, DESCRIPTIONS, strict=True)]

    revision = run_to_end(client, spec_of(*odd))

    each_table_is_made_or_told(revision, sources)


def test_odd_ways_to_find_rows_are_never_our_fault(
    client: Client, sources: Sources
) -> None:
    processing = [
        {"input": f"t{number}", "tabulator": tabulator, "output": f"t{number}"}
        for number, tabulator in enumerate(TABULATORS)
    ]
    spec = spec_of(*tables(sources, len(TABULATORS)), processing=processing)

    revision = run_to_end(client, spec)

    each_table_is_made_or_told(revision, sources)


@pytest.mark.xfail(reason="exports.tables tries a dialect before it checks it")
def test_a_quote_of_two_characters_is_never_our_fault(
    client: Client, sources: Sources
) -> None:
    [plain] = tables(sources, 1)

    revision = run_to_end(client, spec_of(plain | {"dialect": {"quoteChar": "''"}}))

    each_table_is_made_or_told(revision, sources)


def test_a_column_named_like_another_kind_of_file_is_never_our_fault(
    client: Client, sources: Sources
) -> None:
    names = ["<html>", "%PDF", '{"a": 1}', "[[1]]", "PK\x03\x04"]
    odd = tables(sources, len(names))
    for number, name in enumerate(names):
        sources.put(f"/t{number}.csv", json.dumps([{name: "1"}]).encode())
        odd[number] |= schema({"name": name})

    revision = run_to_end(client, spec_of(*odd))

    each_error_names_its_table(revision, sources)
    assert states_of(revision)["validation_report"] == "SUCCEEDED"
    assert [states_of(revision)[f"t{n}_csv"] for n in range(5)] == ["SUCCEEDED"] * 5
