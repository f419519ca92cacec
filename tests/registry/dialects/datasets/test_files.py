"""GET /datasets/…: a revision's files, and who may read them."""

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tasks import services
from tasks.archive.stored import store
from tasks.models import ApiKey, Identity
from tests.support.sources import Sources
from tests.support.specstore import get, run_to_end, spec_of, table, token_of
from tests.support.stores import lose_store

CSV = b"n,m\n1,x\n2,y\n"
URL = "/datasets/me/id/1/data/a_csv.csv"

pytestmark = pytest.mark.django_db(transaction=True)


def published(client: Client, sources: Sources, findability: str = "published") -> None:
    spec = spec_of(table("a", sources.put("/a.csv", CSV), "n:integer", "m"))
    spec["meta"]["findability"] = findability
    assert run_to_end(client, spec)["state"] == "SUCCEEDED"


def key_of(subject: str, *scopes: str) -> tuple[ApiKey, dict[str, str]]:
    client = services.client_of(Identity.Scheme.JWT, subject)
    key, text = services.create_key(client=client, scopes=list(scopes))
    return key, {"Authorization": f"Token {text}"}


def test_each_file_comes_as_what_it_is(client: Client, sources: Sources) -> None:
    published(client, sources)

    types = {
        path: get(client, f"/datasets/me/id/1/{path}").headers["Content-Type"]
        for path in (
            "archive/a.csv",
            "data/a_csv.csv",
            "data/a_json.json",
            "data/a_csv_preview.json",
            "data/validation_report.json",
            "id.zip",
            "datapackage.json",
        )
    }

    assert types == {
        "archive/a.csv": "text/csv; charset=utf-8",
        "data/a_csv.csv": "text/csv; charset=utf-8",
        "data/a_json.json": "application/json",
        "data/a_csv_preview.json": "application/json",
        "data/validation_report.json": "application/json",
        "id.zip": "application/zip",
        "datapackage.json": "application/json",
    }


def test_a_file_is_sent_whole_with_what_a_cache_needs(
    client: Client, sources: Sources
) -> None:
    published(client, sources)

    reply = get(client, URL)

    assert reply.status == 200
    assert reply.body == CSV
    assert reply.headers["Content-Length"] == str(len(CSV))
    assert reply.headers["ETag"] == f'"{hashlib.sha256(CSV).hexdigest()}"'
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "a_csv.csv" in reply.headers["Content-Disposition"]


def test_head_tells_of_a_file_without_sending_it(
    client: Client, sources: Sources
) -> None:
    published(client, sources)

    reply = get(client, URL, "HEAD")

    assert reply.status == 200
    assert reply.body == b""
    assert reply.headers["Content-Length"] == str(len(CSV))
    assert get(client, "/datasets/me/id/1/no", "HEAD").status == 404


def test_a_known_file_is_not_sent_again(client: Client, sources: Sources) -> None:
    published(client, sources)
    first = get(client, URL)

    by_etag = get(client, URL, If_None_Match=first.headers["ETag"])
    by_date = get(client, URL, If_Modified_Since=first.headers["Last-Modified"])
    other = get(client, URL, If_None_Match='"other"')

    assert (by_etag.status, by_etag.body) == (304, b"")
    assert by_date.status == 304
    assert other.status == 200


def test_a_range_is_sent_as_a_part(client: Client, sources: Sources) -> None:
    published(client, sources)

    middle = get(client, URL, Range="bytes=4-6")
    tail = get(client, URL, Range="bytes=-4")
    beyond = get(client, URL, Range="bytes=100-")

    assert (middle.status, middle.body) == (206, b"1,x")
    assert middle.headers["Content-Range"] == "bytes 4-6/12"
    assert (tail.status, tail.body) == (206, b"2,y\n")
    assert beyond.status == 416
    assert beyond.headers["Content-Range"] == "bytes */12"


def test_latest_and_successful_lead_to_files_too(
    client: Client, sources: Sources
) -> None:
    published(client, sources)
    broken = spec_of(table("a", sources.fails("/gone.csv", "404 Not Found")))
    assert run_to_end(client, broken)["state"] == "FAILED"

    assert get(client, "/datasets/me/id/successful/data/a_csv.csv").status == 200
    assert get(client, "/datasets/me/id/latest/data/a_csv.csv").status == 404


NOWHERE = [
    "/datasets/me/id/1/data/b_csv.csv",
    "/datasets/me/id/1/a_csv.csv",
    "/datasets/me/id/1/",
    "/datasets/me/id/1/data",
    "/datasets/me/id/1/data/a_csv.csv/",
    "/datasets/me/id/1//data/a_csv.csv",
    "/datasets/me/id/1/../1/data/a_csv.csv",
    "/datasets/me/id/1/../../../../etc/passwd",
    "/datasets/me/id/1/%2e%2e/%2e%2e/etc/passwd",
    "/datasets/me/id/1/data%00",
    "/datasets/me/id/2/data/a_csv.csv",
    "/datasets/me/id/0/data/a_csv.csv",
    "/datasets/me/id/one/data/a_csv.csv",
    "/datasets/you/id/1/data/a_csv.csv",
    "/datasets/me/%00/1/data/a_csv.csv",
    f"/datasets/me/id/1/{'x' * 3000}",
]


def test_what_is_not_there_is_not_found_in_json(
    client: Client, sources: Sources
) -> None:
    published(client, sources)

    for path in NOWHERE:
        reply = get(client, path)

        assert reply.status == 404, path
        assert reply.json["error"] == "Not Found"


def test_a_file_that_the_store_lost_is_not_found(
    client: Client, sources: Sources
) -> None:
    published(client, sources)
    store().delete(hashlib.sha256(CSV).hexdigest())

    reply = get(client, URL)

    assert reply.status == 404
    assert reply.json["error"] == "Not Found"


def test_what_the_client_accepts_does_not_matter(
    client: Client, sources: Sources
) -> None:
    published(client, sources)

    for accept in ("text/csv", "text/html", "nonsense"):
        reply = get(client, f"{URL}?format=csv", Accept=accept)

        assert reply.status == 200
        assert reply.body == CSV


def test_files_can_only_be_read(client: Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert get(client, URL, method).status == 405


@pytest.mark.parametrize("findability", ["published", "unlisted"])
def test_anybody_reads_what_is_not_private(
    client: Client, sources: Sources, findability: str
) -> None:
    published(client, sources, findability)

    assert get(client, URL).status == 200
    assert get(client, URL, Auth_Token="garbage").status == 200


def test_a_private_file_is_the_owners_alone(client: Client, sources: Sources) -> None:
    published(client, sources, "private")

    def status(**headers: str) -> int:
        return get(client, URL, **headers).status

    def by(token: str) -> int:
        return status(**{"Auth-Token": token})

    assert status() == 404
    assert by(token_of("me")) == 200
    assert by(token_of("you")) == 404
    assert by(token_of("me", key="forger")) == 404
    assert by(token_of("me", exp=1_600_000_000)) == 404
    assert by("garbage") == 404
    assert get(client, f"{URL}?jwt={token_of('me')}").status == 200
    assert get(client, URL, "HEAD").status == 404


def test_a_private_file_is_hidden_in_the_words_of_one_that_never_was(
    client: Client, sources: Sources
) -> None:
    published(client, sources, "private")

    hidden = get(client, URL).json
    never = get(client, URL.replace("/id/", "/no/")).json

    assert str(hidden).replace("/id/", "/no/") == str(never)


def test_a_key_of_the_owner_reads_private_files_with_the_scope_for_it(
    client: Client, sources: Sources
) -> None:
    published(client, sources, "private")
    with_scope, without = key_of("me", "datasets")[1], key_of("me", "export")[1]
    of_another = key_of("you", "datasets")[1]

    assert get(client, URL, **with_scope).status == 200
    assert get(client, URL, **without).status == 404
    assert get(client, URL, **of_another).status == 404


@pytest.mark.parametrize("ends", ["revoked", "expired", "its client revoked"])
def test_a_key_that_has_ended_reads_nothing(
    client: Client, sources: Sources, ends: str
) -> None:
    published(client, sources, "private")
    key, headers = key_of("me", "datasets")
    before = timezone.now() - timedelta(seconds=1)
    match ends:
        case "revoked":
            key.revoked_at = before
        case "expired":
            key.expires_at = before
        case _:
            key.client.revoked_at = before
            key.client.save()
    key.save()

    assert get(client, URL, **headers).status == 404


def test_a_token_of_a_revoked_client_reads_nothing(
    client: Client, sources: Sources
) -> None:
    published(client, sources, "private")
    owner = services.client_of(Identity.Scheme.JWT, "me")
    owner.revoked_at = timezone.now()
    owner.save()

    reply = get(client, URL, Auth_Token=token_of("me"))

    assert reply.status == 404


def test_an_odd_authorization_opens_nothing(client: Client, sources: Sources) -> None:
    published(client, sources, "private")

    for value in (
        *("Token", "Token ", "Token x", f"Token ep_{'0' * 43}_00000000", "Basic x"),
        *("Bearer", "ep_x", "Token \xff\xfe", " ", f"Token {'x' * 10_000}"),
    ):
        assert get(client, URL, Authorization=value).status == 404, value


def test_each_revision_keeps_its_own_findability(
    client: Client, sources: Sources
) -> None:
    published(client, sources, "published")
    published(client, sources, "private")

    assert get(client, "/datasets/me/id/1/data/a_csv.csv").status == 200
    assert get(client, "/datasets/me/id/2/data/a_csv.csv").status == 404


def test_equal_files_of_two_owners_keep_their_own_names(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.csv", CSV)
    for owner, name in (("me", "secret"), ("you", "plain")):
        spec = spec_of(table(name, url, "n", "m"), owner=owner)
        assert run_to_end(client, spec)["state"] == "SUCCEEDED"

    reply = get(client, "/datasets/you/id/1/data/plain_csv.csv")

    assert "plain_csv.csv" in reply.headers["Content-Disposition"]


def test_the_zip_opens_and_holds_the_files(client: Client, sources: Sources) -> None:
    published(client, sources)

    body = get(client, "/datasets/me/id/1/id.zip").body

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        held: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    assert set(held) == {
        "archive/a.csv",
        "data/a_csv.csv",
        "data/a_json.json",
        "data/validation_report.json",
    }
    assert held["archive/a.csv"] == held["data/a_csv.csv"] == CSV


def test_a_file_of_a_store_that_is_down_is_to_be_asked_for_again(
    client: Client,
    sources: Sources,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published(client, sources)
    lose_store(settings, monkeypatch)

    reply = get(client, URL)

    assert (reply.status, reply.headers["Retry-After"]) == (503, "10")
    said = "The store does not answer (EndpointConnectionError)."
    assert reply.json == {"error": said}
