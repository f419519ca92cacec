"""The engine's kinds of job for tests, behind the jobs API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks import services
from tasks.engine import moves
from tests.support import live_settings


@pytest.fixture(autouse=True)
def _world(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.JOB_HANDLERS = live_settings.JOB_HANDLERS
    settings.CLIENTS_RETRY = ["test.steps"]
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    settings.WHITENOISE_USE_FINDERS = False
    settings.SCRATCH_DIR = tmp_path / "scratch"
    monkeypatch.setattr(services, "_depth", services._Depth())
    moves.follower.cache_clear()
    yield
    moves.follower.cache_clear()
