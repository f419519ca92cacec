"""POST /source/upload: the checks, their order and their texts (contract 3.1.3)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from registry.models import Dataset, Revision
from tests.support.specstore import post, row_counts, spec_of, table, token_of

EMPTY = "Received empty contents (make sure your content-type is correct)"
NO_TOKEN = "No token or token not authorised for owner"

pytestmark = pytest.mark.django_db


def test_a_good_spec_becomes_revision_one_of_its_dataset(client: Client) -> None:
    reply = client.post(
        "/source/upload",
        data=spec_of(),
        content_type="application/json",
        headers={"Auth-Token": token_of("me")},
    )

    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.content == (
        b'{"dataset_id":"me/id","errors":[],"flow_id":"me/id/1","success":true}'
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", "application/json"),
        ("null", "application/json"),
        ("  null ", "application/json; charset=utf-8"),
        ("{}", "text/plain"),
        ("{}", ""),
        ("{}", "application/jsonp"),
        ("{}", "nonsense"),
        ("{not json", "text/plain"),
        ("a=b", "application/x-www-form-urlencoded"),
        ("--x\r\n", "multipart/form-data; boundary=x"),
        ("--x\r\n", "multipart/form-data"),
    ],
)
def test_contents_that_are_not_json_count_as_empty(
    client: Client, body: str, content_type: str
) -> None:
    reply = client.generic(
        "POST",
        "/source/upload",
        data=body,
        content_type=content_type,
        headers={"Auth-Token": token_of("me")},
    )

    assert reply.status_code == 200
    assert reply.json() == refusal(EMPTY)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[1,]",
        "{'meta': {}}",
        '{"meta": NaN}',
        '{"a": Infinity}',
        '"\\ud800"',
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xff"}',
        "[" * 2000 + "]" * 2000,
        "nul",
    ],
)
def test_malformed_json_is_a_bad_request(client: Client, body: str | bytes) -> None:
    reply = client.generic(
        "POST", "/source/upload", data=body, content_type="application/json"
    )

    assert reply.status_code == 400
    assert reply.json()["success"] is False
    assert set(row_counts().values()) == {0}


def test_a_body_over_the_limit_is_too_large(client: Client, settings: Settings) -> None:
    settings.MAX_BODY_MB = 1
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

    reply = client.post(
        "/source/upload",
        data=json.dumps(spec_of(padding="x" * (1 << 20))),
        content_type="application/json",
        headers={"Auth-Token": token_of("me")},
    )

    assert reply.status_code == 413
    assert reply.json() == refusal("The body is larger than 1 MB.")
    assert set(row_counts().values()) == {0}


@pytest.mark.parametrize("nested", [90, 500, 1000])
def test_a_deeply_nested_body_is_refused_in_json(client: Client, nested: int) -> None:
    deep: Any = []
    for _ in range(nested):
        deep = [deep]
    body = json.dumps(spec_of(deep="?")).replace('"?"', "[" * nested + "]" * nested)

    with_token = post(client, body)
    without = post(client, body, token="")

    assert with_token["success"] is (nested < 100)
    assert without == refusal(NO_TOKEN)


def test_checks_come_in_the_contracts_order(client: Client) -> None:
    wrong = {"meta": {}, "inputs": [], "schedule": "never"}
    assert post(client, wrong, token="") == refusal("Missing owner in spec")

    wrong["meta"] = {"ownerid": "me", "dataset": "id"}
    assert post(client, wrong, token="") == refusal(NO_TOKEN)

    none_left = token_of("me", permissions={"max_dataset_num": 0})
    exceeded = "Max datasets for user exceeded plan limit (0)"
    assert post(client, wrong, token=none_left) == refusal(exceeded, "me/id")

    schedule = "Schedule should start with 'every'"
    assert post(client, wrong) == refusal(schedule, "me/id")

    del wrong["schedule"]
    one_input = "Unexpected error: Only supporting one input atm"
    assert post(client, wrong) == refusal(one_input, "me/id")
    assert set(row_counts().values()) == {0}


def test_a_fault_the_contract_has_no_text_for_is_told_below_its_headline(
    client: Client,
) -> None:
    reply = post(client, spec_of(table("a", "ftp://example.com/a.csv")))

    assert reply["success"] is False
    assert reply["dataset_id"] == "me/id"
    assert reply["flow_id"] is None
    assert reply["errors"][0] == "Validation failed for contents"
    assert "resources[0].path" in reply["errors"][1]
    assert set(row_counts().values()) == {0}


def test_revisions_are_numbered_from_one_in_each_dataset(client: Client) -> None:
    flows = [
        post(client, spec_of(dataset=dataset))["flow_id"]
        for dataset in ("id", "id", "other", "id")
    ]

    assert flows == ["me/id/1", "me/id/2", "me/other/1", "me/id/3"]


def test_a_refused_upload_takes_no_number(client: Client) -> None:
    post(client, spec_of())
    post(client, spec_of(schedule="never"))

    assert post(client, spec_of())["flow_id"] == "me/id/2"


def test_a_plan_that_fails_leaves_nothing_of_the_upload(client: Client) -> None:
    # Both the report and the resource's copy would have this id.
    clash = spec_of(table("validation_report", "http://example.com/a.csv"))
    post(client, spec_of(schedule="every 1d"))
    before = row_counts(), Dataset.objects.values().get()

    reply = post(client, clash | {"schedule": "every 2d"})

    assert reply["errors"][0] == "Validation failed for contents"
    assert (row_counts(), Dataset.objects.values().get()) == before


def test_work_that_there_is_no_room_for_leaves_nothing(
    client: Client, settings: Settings
) -> None:
    settings.MAX_OPEN_JOBS_PER_CLIENT = 1
    urls = ("http://example.com/a.csv", "http://example.com/b.csv")
    resources = [table(f"t{number}", url) for number, url in enumerate(urls)]

    reply = client.post(
        "/source/upload",
        data=spec_of(*resources),
        content_type="application/json",
        headers={"Auth-Token": token_of("me")},
    )

    assert reply.status_code == 429
    assert int(reply.headers["Retry-After"]) >= 1
    assert reply.json()["success"] is False
    assert set(row_counts().values()) == {0}


def test_the_server_writes_its_times_into_the_spec(client: Client) -> None:
    first = datetime(2026, 11, 21, 3, 31, 22, 284165, tzinfo=UTC)
    with time_machine.travel(first, tick=False):
        post(client, spec_of())
    with time_machine.travel(first + timedelta(days=1), tick=False):
        post(client, spec_of())

    times = [
        (revision.spec["meta"]["create_time"], revision.spec["meta"]["update_time"])
        for revision in Revision.objects.order_by("number")
    ]
    assert times == [
        ("2026-11-21T03:31:22.284165", "2026-11-21T03:31:22.284165"),
        ("2026-11-21T03:31:22.284165", "2026-11-22T03:31:22.284165"),
    ]


def test_a_publisher_cannot_set_the_servers_times(client: Client) -> None:
    spec = spec_of()
    spec["meta"] |= {"create_time": "1970-01-01T00:00:00", "update_time": "never"}

    post(client, spec)

    meta = Revision.objects.get().spec["meta"]
    assert meta["create_time"] == meta["update_time"] != "never"


def test_a_schedule_is_kept_and_moved_as_the_contract_says(client: Client) -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        post(client, spec_of(schedule="every 1h"))
        first = Dataset.objects.get().scheduled_for
        post(client, spec_of(schedule="every 2d"))
        kept = Dataset.objects.get().scheduled_for
        post(client, spec_of())
        none = Dataset.objects.get().scheduled_for

    assert first == kept == start + timedelta(hours=1)
    assert none is None


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(client: Client, method: str) -> None:
    reply = client.generic(method, "/source/upload")

    assert reply.status_code == 405
    assert "POST" in reply.headers["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "image/png", "nonsense", "*/*;q=2,;"])
def test_what_the_client_accepts_does_not_matter(client: Client, accept: str) -> None:
    reply = client.post(
        "/source/upload?format=xml",
        data=spec_of(),
        content_type="application/json",
        headers={"Auth-Token": token_of("me"), "Accept": accept},
    )

    assert reply.status_code == 200
    assert reply.json()["success"] is True


def refusal(error: str, dataset_id: str | None = None) -> dict[str, Any]:
    return {
        "dataset_id": dataset_id,
        "errors": [error],
        "flow_id": None,
        "success": False,
    }
