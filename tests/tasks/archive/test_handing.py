"""A stored file is sent by us, by the proxy before us, or by the store itself."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from django.http import HttpResponseBase
from django.test import RequestFactory
from pytest_django import Settings

from tasks.archive import stored
from tasks.archive.handing import stored_reply
from tasks.archive.sendfile import parse_sendfile
from tasks.archive.store import Missing
from tests.support.stores import KeptInBucket, S3Server

pytestmark = pytest.mark.django_db
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture(autouse=True)
def _own_store(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STORE_URL = str(tmp_path / "store")
    stored.store.cache_clear()
    yield
    stored.store.cache_clear()


@pytest.fixture
def bucket(settings: Settings, s3: S3Server) -> KeptInBucket:
    kept = s3.bucket()
    settings.STORE_URL, settings.S3_ENDPOINT_URL = kept.url, s3.url
    settings.STORE_PRESIGN = True
    stored.store.cache_clear()
    return kept


def put(content: bytes = b"abc") -> None:
    with stored.store().writer(fence="job-1") as writer:
        writer.write(content)
        writer.commit()


def get(
    method: str = "GET", *, may_redirect: bool = True, **headers: str
) -> HttpResponseBase:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return stored_reply(
        RequestFactory().generic(method, "/datasets/a/b/1/gdp.csv", headers=named),
        digest=ABC,
        size=3,
        name="kyykkä 1.csv",
        media_type="text/csv; charset=utf-8",
        modified_at=datetime(2026, 5, 4, tzinfo=UTC),
        may_redirect=may_redirect,
    )


def body(reply: HttpResponseBase) -> bytes:
    with closing(reply):
        return b"".join(reply)


def test_nginx_is_told_where_the_file_is(settings: Settings) -> None:
    settings.SENDFILE = parse_sendfile("x-accel:/protected/")
    put()

    reply = get(Range="bytes=1-1")

    assert (reply.status_code, body(reply)) == (200, b"")
    assert reply["X-Accel-Redirect"] == f"/protected/ba/78/{ABC}"
    assert reply["ETag"] == f'"{ABC}"'
    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert not reply.has_header("Content-Length")


def test_another_proxy_is_told_the_files_path(settings: Settings) -> None:
    settings.SENDFILE = parse_sendfile("x-sendfile")
    put()

    assert get()["X-Sendfile"] == f"{settings.STORE_URL}/ba/78/{ABC}"


def test_what_a_client_has_is_not_for_the_proxy(settings: Settings) -> None:
    settings.SENDFILE = parse_sendfile("x-sendfile")
    put()

    reply = get(If_None_Match=f'"{ABC}"')

    assert (reply.status_code, reply.has_header("X-Sendfile")) == (304, False)
    assert not get("HEAD").has_header("X-Sendfile")


def test_what_is_gone_is_missing_for_the_proxy_too(settings: Settings) -> None:
    settings.SENDFILE = parse_sendfile("x-sendfile")

    with pytest.raises(Missing):
        get()


@pytest.mark.parametrize("text", ["nginx", "x-accel", "x-accel:protected", "x-accel:"])
def test_another_word_names_the_setting(text: str) -> None:
    with pytest.raises(ValueError, match="SENDFILE must be"):
        parse_sendfile(text)


def test_a_redirect_leads_to_the_file_under_its_name(bucket: KeptInBucket) -> None:
    put()

    reply = get()

    assert (reply.status_code, body(reply)) == (302, b"")
    assert reply["Cache-Control"] == "private, no-store"
    assert "a-planted-secret" not in reply["Location"]
    sent = requests.get(reply["Location"], timeout=10)
    assert (sent.status_code, sent.content) == (200, b"abc")
    assert sent.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert sent.headers["Content-Disposition"] == get("HEAD")["Content-Disposition"]


def test_a_range_is_asked_of_the_bucket(bucket: KeptInBucket) -> None:
    put()

    link = get(Range="bytes=1-1")["Location"]

    sent = requests.get(link, headers={"Range": "bytes=1-1"}, timeout=10)
    assert (sent.status_code, sent.content) == (206, b"b")


def test_a_link_is_for_the_address_that_clients_reach(
    bucket: KeptInBucket, settings: Settings
) -> None:
    settings.S3_PUBLIC_URL = "https://files.example.org"
    stored.store.cache_clear()
    put()

    assert get()["Location"].startswith(
        f"https://files.example.org/{bucket.name}/some/where/ba/78/{ABC}?"
    )


def test_where_no_redirect_may_be_the_bytes_are_ours_to_send(
    bucket: KeptInBucket,
) -> None:
    put()

    assert body(get(may_redirect=False)) == b"abc"
    assert body(get(may_redirect=False, Range="bytes=1-")) == b"bc"
    assert body(get(If_Range=f'"{ABC}"', Range="bytes=1-")) == b"bc"


def test_who_knows_what_the_bucket_has_is_not_sent_there(bucket: KeptInBucket) -> None:
    put()

    assert get(If_None_Match=f'"{ABC}"').status_code == 304
    assert get("HEAD").status_code == 200


def test_what_is_gone_is_missing_before_a_redirect(bucket: KeptInBucket) -> None:
    with pytest.raises(Missing):
        get()
    put(b"ab")
    bucket.damage(ABC, b"ab")
    with pytest.raises(Missing, match="2 of 3 bytes"):
        get()
