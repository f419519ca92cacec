"""A registry of one's own for each test: store, tokens' key, what may be fetched."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from registry import tokens
from tasks import services
from tasks.archive import stored
from tasks.outbound.policy import parse_policy
from tests.support.specstore import public_key


@pytest.fixture(autouse=True)
def _world(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    local = parse_policy(allow_nets="127.0.0.0/8", ports="any")
    settings.OUTBOUND = replace(local, read_timeout_s=2.0, total_timeout_s=20.0)
    settings.OUTBOUND_QUICK = replace(local, read_timeout_s=1.0, total_timeout_s=2.0)
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    settings.WHITENOISE_USE_FINDERS = False
    settings.STORE_URL = str(tmp_path / "store")
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.AUTH_SERVER = ""
    settings.AUTH_PUBLIC_KEY = public_key()
    monkeypatch.setattr(tokens, "public_key", tokens.PublicKey())
    monkeypatch.setattr(services, "_depth", services._Depth())
    stored.store.cache_clear()
    yield
    stored.store.cache_clear()
