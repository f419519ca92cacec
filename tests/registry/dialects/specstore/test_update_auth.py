"""Who may report on a pipeline: a key, a revision's own URL, or anybody if open."""

from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tasks import services
from tasks.models import ApiKey, Identity
from tests.support.callbacks import NOT_FOUND, failed, states, tell, upload_elsewhere
from tests.support.specstore import Json, post, spec_of

pytestmark = pytest.mark.django_db
START = {"pipeline_id": "./me/id/1/validation_report", "event": "start"}
HOST = "http://testserver"


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = False
    settings.DPP_URL = ""


def key_of(owner: str, *scopes: str) -> tuple[ApiKey, str]:
    client = services.client_of(Identity.Scheme.JWT, owner)
    return services.create_key(client=client, scopes=list(scopes))


def with_key(client: Client, text: str) -> Json:
    return tell(client, START, Authorization=f"token {text}")


def path_of(reply: Json) -> str:
    return str(reply["callback_url"]).removeprefix(HOST)


def test_by_default_a_runner_without_credentials_finds_nothing(client: Client) -> None:
    upload_elsewhere(client)

    assert tell(client, START) == NOT_FOUND
    assert states("me/id/1")["validation_report"] == "queued"


def test_open_it_takes_messages_from_anybody(
    client: Client, settings: Settings
) -> None:
    settings.SOURCE_UPDATE_OPEN = True
    upload_elsewhere(client)

    assert tell(client, START)["status"] == "running"


@pytest.mark.parametrize("scheme", ["token", "Token", "TOKEN"])
def test_a_key_of_the_owners_client_is_good_for_its_pipelines(
    client: Client, scheme: str
) -> None:
    upload_elsewhere(client)
    _, text = key_of("me", "callback")

    answer = tell(client, START, Authorization=f"{scheme} {text}")

    assert (answer["status"], answer["id"]) == ("running", "me/id/1")


def test_to_a_key_of_another_client_the_pipeline_is_not_found(client: Client) -> None:
    upload_elsewhere(client)
    _, text = key_of("another", "callback")

    assert with_key(client, text) == NOT_FOUND
    assert states("me/id/1")["validation_report"] == "queued"


@pytest.mark.parametrize("scope", ["jobs", "datasets", "callbacks", ""])
def test_a_key_needs_the_scope(client: Client, scope: str) -> None:
    upload_elsewhere(client)
    _, text = key_of("me", scope)

    assert with_key(client, text) == NOT_FOUND


@pytest.mark.parametrize("field", ["expires_at", "revoked_at"])
def test_a_key_that_is_over_is_no_key(client: Client, field: str) -> None:
    upload_elsewhere(client)
    key, text = key_of("me", "callback")
    ago = timezone.now() - timedelta(seconds=1)
    ApiKey.objects.filter(pk=key.pk).update(**{field: ago})

    assert with_key(client, text) == NOT_FOUND


@pytest.mark.parametrize("header", ["", "token", "token x", "Bearer {}", "Basic {}"])
def test_the_key_is_named_as_a_token(client: Client, header: str) -> None:
    upload_elsewhere(client)
    _, text = key_of("me", "callback")

    answer = tell(client, START, Authorization=header.format(text))

    assert answer == NOT_FOUND


def test_a_revisions_own_url_needs_nothing_else(client: Client) -> None:
    reply = upload_elsewhere(client)
    assert reply["callback_url"].startswith(f"{HOST}/source/update/")

    answer = tell(client, START, path=path_of(reply))

    assert (answer["status"], answer["id"]) == ("running", "me/id/1")


def test_the_url_begins_with_the_services_public_one(
    client: Client, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://entrepot.example/base"

    reply = upload_elsewhere(client)

    public = "https://entrepot.example/base/source/update/"
    assert reply["callback_url"].startswith(public)


def test_the_answer_to_an_upload_has_the_url_and_nothing_else_more(
    client: Client, settings: Settings
) -> None:
    elsewhere = upload_elsewhere(client)
    settings.PIPELINE_RUNNER = "internal"
    here = post(client, spec_of())

    plain = {"dataset_id", "errors", "flow_id", "success"}
    assert set(elsewhere) == {*plain, "callback_url"}
    assert set(here) == plain


def test_the_url_is_for_one_revision(client: Client) -> None:
    upload_elsewhere(client)
    later = upload_elsewhere(client)
    others = upload_elsewhere(client, owner="another")

    for reply in (later, others):
        assert tell(client, START, path=path_of(reply)) == NOT_FOUND
    assert states("me/id/1")["validation_report"] == "queued"


def test_the_url_is_dead_once_the_revision_has_ended(client: Client) -> None:
    path = path_of(upload_elsewhere(client))
    first = tell(client, failed("me/id/1/validation_report"), path=path)

    assert first["status"] == "failed"
    assert tell(client, START, path=path) == NOT_FOUND


@pytest.mark.parametrize("is_open", [False, True])
def test_a_url_that_is_none_of_ours_opens_nothing(
    client: Client, settings: Settings, is_open: bool
) -> None:
    settings.SOURCE_UPDATE_OPEN = is_open
    good = path_of(upload_elsewhere(client)).rpartition("/")[2]
    value, _, signature = good.rpartition(":")
    forged = [
        "x",
        value,
        good[:-1],
        f"{good}x",
        f"{value}:",
        f"{value}:{signature[::-1]}",
        Signer(salt="another").sign_object("me/id/1"),
        Signer(key="another", salt="registry.callback").sign_object("me/id/1"),
        "%00",
        "%ff:%ff",
        "é:é",
    ]

    for token in forged:
        assert tell(client, START, path=f"/source/update/{token}") == NOT_FOUND, token
    assert states("me/id/1")["validation_report"] == "queued"


def test_a_key_does_not_help_a_bad_url(client: Client) -> None:
    upload_elsewhere(client)
    _, text = key_of("me", "callback")

    answer = tell(client, START, path="/source/update/x", Authorization=f"token {text}")

    assert answer == NOT_FOUND
