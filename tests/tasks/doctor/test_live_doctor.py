"""`manage.py doctor` on whole deployments, sound and broken."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.live import ROOT, Live
from tests.support.stores import CREDENTIALS, s3_server
from tests.support.web import free_port

pytestmark = pytest.mark.live
PRODUCTION = {"ALLOWED_HOSTS": "entrepot.example", "MACAROON_SECRET": "m" * 32}
BACKENDS = ["sqlite", "postgresql", "redis"]


def doctor(live: Live, *words: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", *words],
        cwd=ROOT,
        env={**live._env(), **PRODUCTION, **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def states(told: str) -> dict[str, Any]:
    return {one["name"]: one["state"] for one in json.loads(told)["checks"]}


@pytest.fixture
def deployment(
    backend: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker, _templates: None
) -> Any:
    with django_db_blocker.unblock(), Live(backend, tmp_path / "var") as live:
        yield live
        print(live.log[-4000:])


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_a_sound_deployment_has_no_fault(deployment: Live, backend: str) -> None:
    with s3_server() as s3:
        bucket = s3.bucket()
        elsewhere = {
            "STORE_URL": bucket.url,
            "S3_ENDPOINT_URL": s3.url,
            "STORE_PRESIGN": "on",
            **CREDENTIALS,
        }
        deployment.environment |= elsewhere
        deployment.start(workers=1)

        code, told = doctor(deployment, "--json")

        assert (code, bucket.files()) == (0, []), told
    assert json.loads(told)["ok"] is True
    found = states(told)
    assert {n for n, s in found.items() if s == "unused"} <= {
        *("tokens", "clock", "notifications", "redis", "oidc")
    }
    used = ["store", "links", "workers", "doorbell", "migrations", "settings"]
    assert {found[name] for name in used} == {"ok"}
    if backend == "postgresql":
        assert (found["clock"], found["notifications"]) == ("ok", "ok")
    if backend == "redis":
        assert found["redis"] == "ok"


def test_a_broken_deployment_is_told_part_by_part(deployment: Live) -> None:
    nowhere = free_port()

    code, told = doctor(
        deployment,
        "--json",
        DEBUG="on",
        STORE_URL="s3://bucket",
        S3_ENDPOINT_URL=f"http://127.0.0.1:{nowhere}",
        REDIS_URL=f"redis://:planted@127.0.0.1:{nowhere}/0",
        MACAROON_SECRET="planted",
        OIDC_ISSUER=f"http://127.0.0.1:{nowhere}",
        OIDC_AUDIENCE="entrepot",
        **CREDENTIALS,
    )

    assert code == 1
    faults = {name for name, state in states(told).items() if state == "fault"}
    assert faults == {
        *("settings", "macaroons", "redis", "store", "outbound", "oidc"),
        *("workers", "doorbell"),
    }
    assert "planted" not in told


def test_a_database_that_is_down_ends_no_other_check(deployment: Live) -> None:
    code, told = doctor(
        deployment, DATABASE_URL=f"postgres://u:planted@127.0.0.1:{free_port()}/x"
    )

    assert code == 1
    lines = dict(line.split()[1::-1] for line in told.splitlines())
    assert (lines["database"], lines["migrations"]) == ("fault", "fault")
    assert (lines["store"], lines["outbound"]) == ("ok", "ok")
    assert "planted" not in told
