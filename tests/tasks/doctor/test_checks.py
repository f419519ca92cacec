"""Each check of the doctor knows a sound deployment from a broken one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tasks.archive import stored
from tasks.doctor import CHECKS, Finding, examine, work
from tasks.models import Job, WorkerHost
from tasks.outbound import parse_policy
from tests.support.common import Issuer
from tests.support.web import free_port

pytestmark = pytest.mark.django_db


def look(name: str) -> Finding:
    return next(examine({name: CHECKS[name]}))


def says(name: str) -> str:
    found = look(name)
    return f"{found.state}: {found.message}"


@pytest.fixture(autouse=True)
def _own_store(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STORE_URL, settings.VAR_DIR = str(tmp_path / "store"), tmp_path
    stored.store.cache_clear()
    yield
    stored.store.cache_clear()


@pytest.fixture(scope="module")
def pair() -> tuple[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return private, public.decode()


def test_a_service_for_development_is_not_for_production(settings: Settings) -> None:
    assert "fault: security.W0" in says("settings")

    settings.DEBUG = True
    assert says("settings").startswith("fault: DEBUG is on")


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (["*"], "fault: ALLOWED_HOSTS lets any"),
        (["localhost", "127.0.0.1"], "doubt: Only this machine"),
        (["entrepot.example"], "ok: Serves entrepot.example."),
    ],
)
def test_the_hosts_are_named(settings: Settings, hosts: list[str], said: str) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert says("hosts").startswith(said)


def test_keys_are_read(settings: Settings, pair: tuple[str, str]) -> None:
    settings.AUTH_PUBLIC_KEY = settings.AUTH_PRIVATE_KEY = settings.AUTH_SERVER = ""
    assert says("tokens").startswith("unused")

    settings.AUTH_PRIVATE_KEY, settings.AUTH_PUBLIC_KEY = pair
    assert says("tokens") == "ok: AUTH_PUBLIC_KEY is RSA of 2048 bits."

    settings.AUTH_PUBLIC_KEY = "-----BEGIN nothing"
    assert says("tokens").startswith("fault: ValueError")


def test_keys_that_are_no_pair_are_told(
    settings: Settings, pair: tuple[str, str]
) -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    settings.AUTH_PRIVATE_KEY = pair[0]
    settings.AUTH_PUBLIC_KEY = other.public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    ).decode()

    assert says("tokens").endswith("are no pair.")


@pytest.mark.parametrize(
    ("secret", "state"), [("", "unused"), ("planted", "fault"), ("s" * 32, "ok")]
)
def test_a_secret_of_macaroons_has_some_length(
    settings: Settings, secret: str, state: str
) -> None:
    settings.MACAROON_SECRET = secret

    found = look("macaroons")

    assert found.state == state
    assert not secret or secret not in found.message


def test_the_database_and_its_migrations_are_there() -> None:
    if connection.vendor == "postgresql":
        # `make test` has it off.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")
    assert look("database").message.startswith(("SQLite 3", "PostgreSQL 1"))
    assert look("migrations").state == "ok"
    assert look("clock").state in {"ok", "unused"}


@pytest.mark.django_db(transaction=True)
def test_a_notification_is_heard_where_the_database_sends_some() -> None:
    heard = connection.vendor == "postgresql"

    assert look("notifications").state == ("ok" if heard else "unused")


def test_a_migration_that_is_lacking_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'tasks' AND name LIKE '0005%'"
        )

    assert says("migrations") == (
        "fault: Not applied: tasks.0005_collected_tasks. Run manage.py migrate."
    )


def test_a_migration_of_a_newer_release_is_a_doubt() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('tasks', '9999_of_tomorrow', CURRENT_TIMESTAMP)"
        )

    found = says("migrations")

    assert found == "doubt: A newer release has migrated: tasks.9999_of_tomorrow."


def test_redis_that_is_down_is_told_without_its_password(settings: Settings) -> None:
    settings.REDIS_URL = f"redis://:planted@127.0.0.1:{free_port()}/0"

    found = look("redis")

    assert found.state == "fault"
    assert "planted" not in found.message


def test_the_store_keeps_a_file_and_is_left_as_it_was(settings: Settings) -> None:
    assert look("store").state == "ok"
    assert list(stored.store().digests()) == []

    settings.DISK_RESERVE_MB = 1 << 40
    assert "are free where the store is" in look("store").message
    assert look("disk").state == "fault"


def test_a_store_that_cannot_be_written_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("where a folder should be")
    settings.STORE_URL = str(tmp_path / "file")
    stored.store.cache_clear()

    assert look("store").state == "fault"


def test_an_open_way_to_the_inside_is_told(settings: Settings) -> None:
    settings.OUTBOUND = replace(settings.OUTBOUND, allow_nets=())
    assert look("outbound").state == "ok"

    policy = parse_policy(allow_nets="127.0.0.0/8", ports="80")
    settings.OUTBOUND = replace(policy, total_timeout_s=1.0)
    assert says("outbound").startswith("fault: Clients may have http://127.0.0.1/")


def test_the_provider_is_asked_for_its_keys(settings: Settings) -> None:
    with Issuer() as issuer:
        settings.OIDC_ISSUER = issuer.origin
        settings.OUTBOUND_QUICK = issuer.policy()
        assert says("oidc") == f"ok: {issuer.origin} answers, with 1 keys."

        issuer.fails("/keys", "500 Oops")
        assert look("oidc").state == "fault"


def test_few_descriptors_are_a_doubt(settings: Settings) -> None:
    settings.MAX_WAITS = 10
    assert look("descriptors").state == "ok"

    settings.MAX_WAITS = 10_000_000
    assert look("descriptors").state == "doubt"


def test_workers_are_those_heard_of_lately() -> None:
    assert says("workers").startswith("fault: No supervisor")

    long_ago, now = timezone.now() - timedelta(minutes=1), timezone.now()
    for owner, at in (("a/boot/1/1/1", now), ("b/boot/1/1/1", long_ago)):
        WorkerHost.objects.create(owner=owner, workers=2, started_at=at, seen_at=at)

    assert says("workers") == "ok: 2 workers on a."


def test_a_job_that_nobody_takes_is_told_and_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "DONE_WITHIN_S", 0.1)

    assert says("doorbell").startswith("fault: No worker took a job")
    assert not Job.objects.filter(due_at__isnull=False).exists()
