"""A closed world: names come from a table, and every connection tried is listed."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from pytest_django import Settings

from registry import tokens
from tasks import services
from tasks.archive import stored
from tasks.oidc import provider
from tasks.outbound import Policy
from tests.support.common import AUDIENCE, Issuer
from tests.support.hostile_urls import NAMES
from tests.support.specstore import public_key
from tests.tasks.outbound.conftest import Names
from tests.tasks.outbound.servers import Server

Attempts = list[tuple[str, int]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    table = Names()
    for name, answers in NAMES.items():
        table.put(name, *answers)
    monkeypatch.setattr(socket, "getaddrinfo", table.look_up)
    return table


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Attempts:
    """List where connections were tried; those that would leave here are refused."""
    tried: Attempts = []
    real = socket.socket.connect

    def connect(sock: socket.socket, address: tuple[str, int]) -> None:
        tried.append((address[0], address[1]))
        if not ip_address(address[0].partition("%")[0]).is_loopback:
            raise ConnectionRefusedError(str(address))
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.fixture
def canary() -> Iterator[Server]:
    """Stand for everything inside that must never be reached."""
    with Server() as running:
        yield running


@pytest.fixture
def door() -> Iterator[Server]:
    """Stand for an allowed server outside, whose answers lead inside."""
    with Server() as running:
        yield running


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running
    provider.forget()


@pytest.fixture(autouse=True)
def _world(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: Names,
    issuer: Issuer,
    door: Server,
) -> Iterator[None]:
    open_ports = door.policy(), issuer.policy()
    nets = tuple(net for policy in open_ports for net in policy.allow_nets)
    # Any port, so that each address is judged by itself and not by its port.
    outside = Policy(ports=None, connect_timeout_s=2.0, total_timeout_s=5.0)
    settings.OUTBOUND = replace(outside, allow_nets=open_ports[0].allow_nets)
    settings.OUTBOUND_QUICK = replace(outside, allow_nets=nets)
    settings.STORE_URL = str(tmp_path / "store")
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False
    settings.AUTH_SERVER, settings.AUTH_PUBLIC_KEY = "", public_key()
    settings.OIDC_ISSUER, settings.OIDC_AUDIENCE = issuer.origin, AUDIENCE
    settings.INCIDENT_URL = settings.DPP_URL = ""
    monkeypatch.setattr(tokens, "public_key", tokens.PublicKey())
    monkeypatch.setattr(services, "_depth", services._Depth())
    stored.store.cache_clear()
    yield
    stored.store.cache_clear()
