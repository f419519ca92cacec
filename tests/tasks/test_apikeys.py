"""API keys: their shape, whom they open the door for, and for how long."""

import zlib
from datetime import timedelta

import pytest
from django.utils import timezone

from tasks import services
from tasks.apikeys import DIGITS, make_key, read_digest
from tasks.models import ApiKey
from tests.support.jobs import a_client


def test_a_key_has_the_shape_it_is_known_by() -> None:
    prefix, body, crc = make_key().split("_")

    assert (prefix, len(body), len(crc)) == ("ep", 43, 8)
    assert set(body) <= set(DIGITS)


def test_no_two_keys_are_alike() -> None:
    assert len({make_key() for _ in range(100)}) == 100


def test_a_key_is_read_as_its_digest() -> None:
    key = make_key()
    digest = read_digest(key)

    assert digest is not None
    assert len(digest) == 64
    assert key not in digest


def mistakes() -> list[str]:
    # Fixed, so that all processes of a test run name these tests alike.
    body = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
    key = f"ep_{body}_{zlib.crc32(body.encode()):08x}"
    assert read_digest(key)
    other = "x"
    return [
        "",
        "ep_",
        key[:-1],
        key + "0",
        key + "\n",
        " " + key,
        key.upper(),
        key.replace("ep_", "xx_", 1),
        key[:10] + other + key[11:],
        key[:-8] + "00000000",
        key[:20] + "é" + key[21:],
        key[:20] + "\0" + key[21:],
        "ep_" + "٣" * 43 + "_00000000",
        "ep_" + "a" * 10_000,
    ]


@pytest.mark.parametrize("text", mistakes())
def test_a_mistyped_key_is_none_of_ours(text: str) -> None:
    assert read_digest(text) is None


@pytest.mark.django_db
def test_a_key_opens_the_door_for_its_scopes_only() -> None:
    key, text = services.create_key(client=a_client(), scopes=["export", "jobs"])

    assert services.find_key(text, scope="export") == key
    assert services.find_key(text, scope="jobs") == key
    assert services.find_key(text, scope="share") is None


@pytest.mark.django_db
def test_a_key_is_kept_as_a_digest_and_a_hint() -> None:
    key, text = services.create_key(client=a_client(), scopes=["export"])

    kept = ApiKey.objects.values().get()

    assert text not in str(kept)
    assert kept["hint"] == text[:8]
    assert key.digest == read_digest(text)


@pytest.mark.django_db
def test_a_key_we_never_made_opens_nothing() -> None:
    assert services.find_key(make_key(), scope="export") is None
    assert services.find_key("nonsense", scope="export") is None


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "opens"), [(1, True), (-1, False)])
def test_a_key_opens_until_it_expires(days: int, opens: bool) -> None:
    expires_at = timezone.now() + timedelta(days=days)
    _, text = services.create_key(
        client=a_client(), scopes=["export"], expires_at=expires_at
    )

    assert bool(services.find_key(text, scope="export")) is opens


@pytest.mark.django_db
def test_a_revoked_key_opens_nothing() -> None:
    key, text = services.create_key(client=a_client(), scopes=["export"])
    key.revoked_at = timezone.now()
    key.save()

    assert services.find_key(text, scope="export") is None


@pytest.mark.django_db
def test_no_key_of_a_revoked_client_opens_anything() -> None:
    client = a_client()
    _, text = services.create_key(client=client, scopes=["export"])
    client.revoked_at = timezone.now()
    client.save()

    assert services.find_key(text, scope="export") is None


@pytest.mark.django_db
def test_the_last_use_is_noted_once_a_minute() -> None:
    key, text = services.create_key(client=a_client(), scopes=["export"])

    services.find_key(text, scope="export")
    key.refresh_from_db()
    first = key.last_used_at
    services.find_key(text, scope="export")
    key.refresh_from_db()
    assert first is not None
    assert key.last_used_at == first

    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    services.find_key(text, scope="export")
    key.refresh_from_db()

    assert key.last_used_at is not None
    assert key.last_used_at >= first


@pytest.mark.django_db
def test_a_key_used_out_of_its_scope_is_not_noted_as_used() -> None:
    key, text = services.create_key(client=a_client(), scopes=["export"])

    services.find_key(text, scope="share")

    key.refresh_from_db()
    assert key.last_used_at is None
