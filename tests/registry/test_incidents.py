"""Incidents for the operator's status page (contract 3.1.3), one for each trouble."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tasks import services
from tasks.models import Job
from tasks.states import JobState
from tests.support.sources import Sources
from tests.support.specstore import (
    post,
    run_jobs,
    run_to_end,
    spec_of,
    table,
    token_of,
    uploaded,
)
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(sources: Sources, settings: Settings) -> Sources:
    """Stand for the operator's status page."""
    url = sources.act("/incidents", ok(b"{}", status="201 Created"))
    settings.INCIDENT_URL = f"{url}?api_key=s3cret"
    return sources


def posted(page: Sources) -> list[Any]:
    run_jobs()
    return [json.loads(one.body)["incident"] for one in page.seen["/incidents"]]


def failing(page: Sources) -> dict[str, Any]:
    return table("a", page.fails("/a.csv", "404 Not Found"), "n")


def good(page: Sources) -> dict[str, Any]:
    return table("a", page.put("/a.csv", b"n\n1\n"), "n")


def test_a_failed_revision_is_an_incident(client: Client, page: Sources) -> None:
    revision = run_to_end(client, spec_of(failing(page)))

    assert posted(page) == [
        {
            "name": "Pipelines Failed for me/id",
            "body": "\n".join(revision["error_log"]),
            "status": "investigating",
        }
    ]
    assert page.seen["/incidents"][0].path == "/incidents?api_key=s3cret"


def test_a_success_is_none(client: Client, page: Sources) -> None:
    run_to_end(client, spec_of())

    assert posted(page) == []


def test_a_dataset_that_goes_on_failing_is_one_incident(
    client: Client, page: Sources
) -> None:
    for _ in range(3):
        run_to_end(client, spec_of(failing(page)))
    failed = Job.objects.filter(kind="registry.pipeline", state=JobState.FAILED)
    for job in failed:
        services.retry(job)

    assert len(posted(page)) == 1


def test_one_that_fails_after_a_success_is_a_new_one(
    client: Client, page: Sources
) -> None:
    run_to_end(client, spec_of(failing(page)))
    run_to_end(client, spec_of(good(page)))
    Job.objects.filter(kind="registry.incident").delete()  # as if long ago
    run_to_end(client, spec_of(failing(page)))

    names = [one["name"] for one in posted(page)]
    assert names == ["Pipelines Failed for me/id"] * 2


def test_an_upload_with_errors_is_one_where_the_dataset_is_known(
    client: Client, page: Sources
) -> None:
    for _ in range(3):
        post(client, spec_of(schedule="now and then"))
    post(client, spec_of(dataset="other", inputs=[]))

    assert posted(page) == [
        {
            "name": "Failed To Start Pipelines for me/id",
            "body": "Schedule should start with 'every'",
            "status": "investigating",
        },
        {
            "name": "Failed To Start Pipelines for me/other",
            "body": "Unexpected error: Only supporting one input atm",
            "status": "investigating",
        },
    ]


def test_an_upload_beyond_the_quota_is_one(client: Client, page: Sources) -> None:
    for name in "abc":
        post(client, spec_of(dataset=name))

    [incident] = posted(page)
    assert incident["name"] == "Failed To Start Pipelines for me/c"


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (spec_of(), ""),
        (spec_of(), token_of("you")),
        ({"meta": {"ownerid": "me"}}, token_of("me")),
        ("null", token_of("me")),
    ],
)
def test_an_upload_of_nobody_or_of_nothing_is_none(
    client: Client, page: Sources, body: object, token: str
) -> None:
    assert post(client, body, token=token)["success"] is False

    assert posted(page) == []


def test_without_a_page_there_are_none(
    client: Client, page: Sources, settings: Settings
) -> None:
    uploaded(client, spec_of(failing(page)))
    post(client, spec_of(schedule="now and then"))
    settings.INCIDENT_URL = ""

    assert posted(page) == []
    assert not Job.objects.filter(
        kind="registry.incident", state=JobState.FAILED
    ).exists()


def test_a_page_that_is_down_is_told_later_and_its_key_stays_secret(
    client: Client, page: Sources
) -> None:
    page.act("/incidents", ok(b"", status="503 Service Unavailable"), ok())

    run_to_end(client, spec_of(failing(page)))

    assert len(posted(page)) == 2
    told = Job.objects.get(kind="registry.incident").events.values_list(
        "data", flat=True
    )
    assert "503" in str(list(told))
    assert "s3cret" not in str(list(told))


def test_a_runner_that_cannot_be_told_of_an_upload_is_one(
    client: Client, page: Sources, settings: Settings
) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.DPP_URL = f"{page.origin}/"

    assert post(client, spec_of())["errors"] == ["Failed to refresh pipelines status"]

    [incident] = posted(page)
    assert incident["name"] == "Failed To Start Pipelines for me/id"
    assert incident["body"] == "Failed to refresh pipelines status"
