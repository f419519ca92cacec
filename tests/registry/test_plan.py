"""The pipelines a spec becomes: ids, titles, order, dependencies (contract 3.1.5)."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.plan import PipelineKind, PlannedPipeline, plan
from registry.spec import SpecError, parse_spec


def pipelines_of(
    *resources: object,
    dataset: str = "id",
    flow_id: str | None = None,
    processing: Iterable[object] = (),
    **others: object,
) -> list[PlannedPipeline]:
    contents: dict[str, Any] = {
        "meta": {"ownerid": "me", "dataset": dataset},
        "inputs": [
            {
                "kind": "datapackage",
                "url": "http://example.com/datapackage.json",
                "parameters": {"descriptor": {"resources": list(resources)}},
            },
        ],
        "processing": list(processing),
        **others,
    }
    return plan(parse_spec(contents), flow_id or f"me/{dataset}/1")


def table(name: str) -> dict[str, object]:
    return {"name": name, "path": f"{name}.csv", "schema": {"fields": []}}


def file(name: str) -> dict[str, object]:
    return {"name": name, "path": f"{name}.png"}


def test_one_table_becomes_seven_pipelines() -> None:
    pipelines = pipelines_of(table("res"))

    assert [(one.id, one.title, one.resource) for one in pipelines] == [
        ("me/id/1/validation_report", "Validating package contents", None),
        ("me/id/1/res_csv", "Creating CSV", "res"),
        ("me/id/1/res_json", "Creating JSON", "res"),
        ("me/id/1/id_zip", "Creating ZIP", None),
        ("me/id/1/res_csv_preview", "Generating views", "res"),
        ("me/id/1/res", "Copying source data", "res"),
        ("me/id/1", "Creating Package", None),
    ]
    assert [one.kind for one in pipelines] == [
        PipelineKind.VALIDATE,
        PipelineKind.CSV,
        PipelineKind.JSON,
        PipelineKind.ZIP,
        PipelineKind.PREVIEW,
        PipelineKind.COPY,
        PipelineKind.PACKAGE,
    ]


def test_the_dependencies_are_the_contracts() -> None:
    pipelines = pipelines_of(table("res"))

    assert {one.id: one.dependencies for one in pipelines} == {
        "me/id/1/validation_report": (),
        "me/id/1/res_csv": (),
        "me/id/1/res_json": (),
        "me/id/1/id_zip": (
            "./me/id/1/validation_report",
            "./me/id/1/res_csv",
            "./me/id/1/res_json",
        ),
        "me/id/1/res_csv_preview": ("./me/id/1/res_csv",),
        "me/id/1/res": (),
        "me/id/1": (
            "./me/id/1/validation_report",
            "./me/id/1/res_csv",
            "./me/id/1/res_json",
            "./me/id/1/id_zip",
            "./me/id/1/res_csv_preview",
            "./me/id/1/res",
        ),
    }


def test_at_run_time_everything_waits_for_the_copy_it_reads() -> None:
    pipelines = pipelines_of(table("res"), file("logo"))

    assert {one.id: one.needs for one in pipelines} == {
        "me/id/1/validation_report": ("me/id/1/res",),
        "me/id/1/res_csv": ("me/id/1/res",),
        "me/id/1/res_json": ("me/id/1/res",),
        "me/id/1/id_zip": (
            "me/id/1/validation_report",
            "me/id/1/res_csv",
            "me/id/1/res_json",
            "me/id/1/res",
            "me/id/1/logo",
        ),
        "me/id/1/res_csv_preview": ("me/id/1/res_csv",),
        "me/id/1/res": (),
        "me/id/1/logo": (),
        "me/id/1": (
            "me/id/1/validation_report",
            "me/id/1/res_csv",
            "me/id/1/res_json",
            "me/id/1/id_zip",
            "me/id/1/res_csv_preview",
            "me/id/1/res",
            "me/id/1/logo",
        ),
    }


def test_a_package_without_resources_becomes_three_pipelines() -> None:
    pipelines = pipelines_of(dataset="empty")

    assert [one.id for one in pipelines] == [
        "me/empty/1/validation_report",
        "me/empty/1/empty_zip",
        "me/empty/1",
    ]


def test_a_descriptor_that_leaves_resources_out_has_none() -> None:
    source = {"kind": "datapackage", "parameters": {"descriptor": {"name": "x"}}}
    meta = {"ownerid": "me", "dataset": "empty"}

    pipelines = plan(parse_spec({"meta": meta, "inputs": [source]}), "me/empty/1")

    assert len(pipelines) == 3


def test_processed_resources_take_the_place_of_their_inputs() -> None:
    pipelines = pipelines_of(
        table("r1"),
        table("r2"),
        file("png"),
        processing=[
            {"input": "r1", "output": "r1-out", "tabulator": {"skip_rows": 2}},
            {"input": "png", "output": "sheet1", "tabulator": {"sheet": 1}},
        ],
    )

    assert [one.id.removeprefix("me/id/1/") for one in pipelines] == [
        "validation_report",
        "r1-out_csv",
        "r2_csv",
        "sheet1_csv",
        "r1-out_json",
        "r2_json",
        "sheet1_json",
        "id_zip",
        "r1-out_csv_preview",
        "r2_csv_preview",
        "sheet1_csv_preview",
        "r1-out",
        "r2",
        "sheet1",
        "me/id/1",
    ]


def test_two_tables_out_of_one_file_share_its_first_copy() -> None:
    pipelines = pipelines_of(
        file("book"),
        processing=[
            {"input": "book", "output": "first"},
            {"input": "book", "output": "second"},
        ],
    )

    needs = {one.id: one.needs for one in pipelines}
    assert needs["me/id/1/first"] == ()
    assert needs["me/id/1/second"] == ("me/id/1/first",)
    assert needs["me/id/1/second_csv"] == ("me/id/1/second",)


def test_the_zip_is_named_for_its_file() -> None:
    pipelines = pipelines_of(
        outputs=[{"kind": "zip", "parameters": {"out-file": "all.data.zip"}}],
    )

    assert pipelines[1].id == "me/id/1/all_data_zip"


@pytest.mark.parametrize(
    ("resources", "name", "other"),
    [
        ([table("a"), file("a_csv")], "a_csv", "Creating CSV of resource 'a'"),
        (
            [file("validation_report")],
            "validation_report",
            "Validating package contents",
        ),
        ([file("id_zip")], "id_zip", "Creating ZIP"),
    ],
)
def test_two_pipelines_never_share_an_id(
    resources: list[object],
    name: str,
    other: str,
) -> None:
    with pytest.raises(SpecError) as refusal:
        pipelines_of(*resources)

    assert refusal.value.errors == [
        "Validation failed for contents",
        (
            f"Copying source data of resource '{name}': its pipeline id"
            f" 'me/id/1/{name}' is already that of {other}"
        ),
    ]


def test_an_id_has_at_most_256_characters() -> None:
    fits = pipelines_of(table("r" * 91), flow_id="f" * 152)

    with pytest.raises(SpecError) as refusal:
        pipelines_of(table("r" * 92), flow_id="f" * 152)

    assert max(len(one.id) for one in fits) == 256
    assert refusal.value.errors[0] == "Validation failed for contents"
    [line] = refusal.value.errors[1:]
    assert line.startswith("Generating views of resource 'rrrr")
    assert line.endswith("': its pipeline id is longer than 256 characters")


names = st.text("abc_", min_size=1, max_size=3).map("n{}".format)


@st.composite
def flows(draw: st.DrawFn) -> list[PlannedPipeline]:
    given_names = draw(st.lists(names, unique=True, max_size=6))
    kinds = [table, file]
    resources = [draw(st.sampled_from(kinds))(name) for name in given_names]
    processed = draw(st.lists(st.sampled_from(given_names or ["-"]), max_size=4))
    processing = [
        {"input": name, "output": f"out{index}"}
        for index, name in enumerate(processed)
        if given_names
    ]
    return pipelines_of(*resources, processing=processing)


@given(flows())
def test_every_flow_can_be_run_to_its_end(pipelines: list[PlannedPipeline]) -> None:
    waiting = {one.id: set(one.needs) for one in pipelines}

    while ready := {id_ for id_, needs in waiting.items() if not needs}:
        waiting = {
            id_: needs - ready for id_, needs in waiting.items() if id_ not in ready
        }

    assert waiting == {}


@given(flows())
def test_every_flow_has_unique_ids_and_names_only_its_own(
    pipelines: list[PlannedPipeline],
) -> None:
    ids = [one.id for one in pipelines]
    tables = sum(one.kind is PipelineKind.CSV for one in pipelines)
    copies = sum(one.kind is PipelineKind.COPY for one in pipelines)

    assert len(set(ids)) == len(ids) == 3 + 3 * tables + copies
    assert ids[-1] == "me/id/1"
    for one in pipelines:
        assert set(one.needs) <= set(ids)
        assert {name.removeprefix("./") for name in one.dependencies} <= set(ids)
    assert set(pipelines[-1].needs) == set(ids[:-1])
