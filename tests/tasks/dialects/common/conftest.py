"""The common API with an issuer on loopback, and a store of its own."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tasks import services
from tasks.archive import stored
from tasks.oidc import provider
from tests.support.common import AUDIENCE, Api, Issuer


@pytest.fixture(scope="session")
def _issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


@pytest.fixture
def issuer(_issuer: Issuer, settings: Settings) -> Iterator[Issuer]:
    settings.OIDC_ISSUER = _issuer.origin
    settings.OIDC_AUDIENCE = AUDIENCE
    yield _issuer
    provider.forget()


@pytest.fixture(autouse=True)
def _world(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    loopback = ((ip_network("127.0.0.0/8"), None),)
    settings.OUTBOUND = replace(settings.OUTBOUND, allow_nets=loopback, ports=None)
    settings.OUTBOUND_QUICK = replace(
        settings.OUTBOUND_QUICK, allow_nets=loopback, ports=None
    )
    settings.TASK_ATTRIBUTES = []
    settings.TASK_ASSETS_PER_BATCH = 500
    settings.TASKS_STRICT_STATUS = False
    settings.PUBLIC_URL = ""
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    settings.WHITENOISE_USE_FINDERS = False
    settings.STORE_URL = str(tmp_path / "store")
    settings.SCRATCH_DIR = tmp_path / "scratch"
    monkeypatch.setattr(services, "_depth", services._Depth())
    stored.store.cache_clear()
    yield
    stored.store.cache_clear()


@pytest.fixture
def alice(client: Client, issuer: Issuer) -> Api:
    return Api(client, issuer.token("alice"))


@pytest.fixture
def bob(client: Client, issuer: Issuer) -> Api:
    return Api(client, issuer.token("bob"))
