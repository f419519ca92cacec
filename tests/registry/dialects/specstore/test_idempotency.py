"""POST /source/upload with an Idempotency-Key: one revision, however often it comes."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from registry.models import Revision
from tasks.models import Client as Owner
from tasks.models import Job, KeptReply
from tests.support.sources import Sources
from tests.support.specstore import Json, spec_of, table, token_of
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def a_spec(**changes: Any) -> Json:
    return spec_of(table("a", "http://example.com/a.csv"), **changes)


def upload(spec: Json, *, key: str = "k1", owner: str = "me") -> Any:
    return Client().post(
        "/source/upload",
        data=json.dumps(spec),
        content_type="application/json",
        headers={"Auth-Token": token_of(owner), "Idempotency-Key": key},
    )


def test_the_second_upload_is_the_firsts_reply() -> None:
    first, second = upload(a_spec()), upload(a_spec())

    assert first.json() == {
        "dataset_id": "me/id",
        "errors": [],
        "flow_id": "me/id/1",
        "success": True,
    }
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Revision.objects.count() == 1


def test_the_keys_of_two_owners_have_nothing_to_do_with_each_other() -> None:
    mine = upload(a_spec())
    yours = upload(a_spec(owner="you"), owner="you")

    assert (mine.json()["flow_id"], yours.json()["flow_id"]) == ("me/id/1", "you/id/1")


def test_the_same_key_with_another_spec_is_a_422() -> None:
    upload(a_spec())

    reply = upload(a_spec(schedule="every 1d"))

    assert reply.status_code == 422
    assert reply.json() == {
        "dataset_id": None,
        "errors": ["The Idempotency-Key was used before, with another request."],
        "flow_id": None,
        "success": False,
    }
    assert Revision.objects.count() == 1


def test_a_key_that_cannot_be_is_a_400() -> None:
    reply = upload(a_spec(), key="two words")

    assert reply.status_code == 400
    assert reply.json()["errors"] == [
        "Idempotency-Key should be 1 to 255 visible ASCII characters."
    ]
    assert not Revision.objects.exists()


def test_a_bad_token_is_refused_before_the_key_is_looked_at() -> None:
    upload(a_spec())

    reply = upload(a_spec(), owner="you")

    assert reply.json()["errors"] == ["No token or token not authorised for owner"]


def test_a_refusal_is_not_kept() -> None:
    refused = upload(spec_of({"name": "a"}))

    accepted = upload(a_spec())

    assert refused.json()["success"] is False
    assert accepted.json()["success"] is True
    assert KeptReply.objects.count() == 1


def test_an_incident_of_a_refused_upload_is_reported_all_the_same(
    settings: Settings,
) -> None:
    settings.INCIDENT_URL = "http://incidents.example/"

    upload(spec_of({"name": "a"}))

    assert Job.objects.filter(kind="registry.incident").count() == 1


def test_a_refresh_that_failed_is_told_again(
    settings: Settings, sources: Sources
) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.DPP_URL = sources.url("/")
    settings.PUBLIC_URL = "https://here.example"

    first, second = upload(a_spec()), upload(a_spec())

    assert first.json()["success"] is False
    assert len(first.json()["errors"]) == 1
    assert second.content == first.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Revision.objects.count() == 1


def test_an_upload_tells_how_many_more_jobs_there_may_be() -> None:
    upload(a_spec())
    Owner.objects.update(max_open_jobs=3)

    reply = upload(a_spec(), key="k2")
    refused = [upload(a_spec(), key=f"more{number}") for number in range(3)][-1]

    left = 3 - 2
    assert reply.headers["RateLimit-Policy"] == '"open-jobs";q=3'
    assert reply.headers["RateLimit"] == f'"open-jobs";r={left}'
    later = refused.headers["Retry-After"]
    assert refused.status_code == 429
    assert refused.headers["RateLimit"] == f'"open-jobs";r=0;t={later}'


@pytest.mark.django_db(transaction=True)
def test_sixteen_uploads_with_one_key_are_one_revision() -> None:
    spec = a_spec()

    replies = at_once(16, lambda: upload(spec))

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.content for reply in replies}) == 1
    assert Revision.objects.count() == 1
    assert Job.objects.count() == 1
