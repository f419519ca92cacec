"""Providers as processes: the one for development, and one that others wrote."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from tasks.engine.cluster import die_with
from tests.support.polling import until
from tests.support.web import free_port, up

ROOT = Path(__file__).resolve().parents[3]
STAFF = '{"sub": "ada", "name": "Ada", "groups": ["entrepot-staff"]}'
GUEST = '{"sub": "bob", "groups": ["guests"]}'

pytestmark = pytest.mark.live


@contextmanager
def running(module: str, *words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run a provider's command; give its issuer once it answers."""
    port, parent = free_port(), os.getpid()
    popen = subprocess.Popen(
        [sys.executable, "-m", module, "--port", str(port), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: die_with(parent),
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(issuer), within_s=20, what="the provider answers")
        yield issuer, popen
    finally:
        popen.terminate()
        popen.communicate(timeout=10)


def _answers(issuer: str) -> bool:
    try:
        url = f"{issuer}/.well-known/openid-configuration"
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_the_service_takes_the_tokens_of_the_provider_that_one_command_starts(
    tmp_path: Path,
) -> None:
    with running("tests.support.idp") as (issuer, popen):
        assert popen.stdout
        lines = [popen.stdout.readline() for _ in range(4)]
        told: dict[str, Any] = dict(
            line.removeprefix("export ").strip().split("=") for line in lines
        )
        token = requests.post(
            f"{issuer}/token",
            data={"grant_type": "client_credentials"},
            auth=("backend", "backend-secret"),
            timeout=5,
        ).json()["access_token"]
        told["OUTBOUND_ALLOW_NETS"] = "127.0.0.0/8"
        with up(tmp_path, web=1, **told) as web:
            url = f"{web.address}/api/v1/task"
            good = {"Authorization": f"Bearer {token}"}
            forged = {"Authorization": f"Bearer {token[:-8]}AAAAAAAA"}
            made = requests.post(url, headers=good, timeout=10)
            refused = requests.post(url, headers=forged, timeout=10)
            without = requests.post(url, timeout=10)

    assert made.status_code == 200
    assert made.json()["success"] is True
    assert (refused.status_code, without.status_code) == (401, 401)
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert without.headers["WWW-Authenticate"] == 'Bearer realm="tasks"'


@pytest.mark.django_db
@pytest.mark.parametrize(("user", "status"), [("ada", 200), ("bob", 302)])
def test_staff_sign_in_at_a_provider_that_others_wrote(
    client: Client, settings: Settings, user: str, status: int
) -> None:
    claims = ("--user-claims", STAFF, "--user-claims", GUEST)
    settings.AUTHENTICATION_BACKENDS = ["tasks.oidc.staff.StaffBackend"]
    settings.AXES_ENABLED = False
    quick = settings.OUTBOUND_QUICK
    settings.OUTBOUND_QUICK = replace(quick, read_timeout_s=5.0, total_timeout_s=5.0)
    with running("oidc_provider_mock", *claims) as (issuer, _):
        settings.OIDC_ISSUER = issuer
        where = client.get("/oidc/start").headers["Location"]
        chosen = requests.post(
            where, data={"sub": user}, allow_redirects=False, timeout=5
        )
        back = urlsplit(chosen.headers["Location"])
        client.get(f"{back.path}?{back.query}")

        assert client.get("/admin/").status_code == status
