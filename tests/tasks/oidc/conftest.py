"""A provider of one's own for each test, trusted by the service."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks.oidc import access, opaque, provider
from tasks.oidc.options import StaffClaim
from tasks.outbound.policy import parse_policy
from tests.support.idp import AUDIENCE, Idp


@pytest.fixture
def idp() -> Iterator[Idp]:
    with Idp() as running:
        yield running


@pytest.fixture(autouse=True)
def _trusted(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, idp: Idp
) -> Iterator[None]:
    local = parse_policy(allow_nets="127.0.0.0/8", ports="any")
    settings.OUTBOUND_QUICK = replace(local, read_timeout_s=1.0, total_timeout_s=2.0)
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    settings.OIDC_ISSUER, settings.OIDC_AUDIENCE = idp.issuer, AUDIENCE
    settings.OIDC_CLIENT_ID = "entrepot-web"
    settings.OIDC_CLIENT_SECRET = "web-secret"
    settings.OIDC_STAFF_CLAIM = StaffClaim(("groups",), "entrepot-staff")
    monkeypatch.setattr(access, "verdicts", opaque.Verdicts())
    provider.forget()
    yield
    provider.forget()
