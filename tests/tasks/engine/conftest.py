"""The engine inside the tests' own process, with the tests' kinds of job."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks.engine import moves, run
from tasks.engine.lease import Heart
from tests.support import live_settings


@pytest.fixture
def heart(monkeypatch: pytest.MonkeyPatch) -> Heart:
    """A heart without a thread of its own: it beats when the test says so."""
    quiet = Heart()
    quiet._thread = threading.current_thread()
    monkeypatch.setattr(run, "heart", quiet)
    return quiet


@pytest.fixture(autouse=True)
def engine(settings: Settings, tmp_path: Path, heart: Heart) -> Iterator[Path]:
    """Give the scratch folder of an engine that knows the kinds of job for tests."""
    settings.JOB_HANDLERS = live_settings.JOB_HANDLERS
    settings.JOB_FOLLOWERS = live_settings.JOB_FOLLOWERS
    settings.VAR_DIR = tmp_path
    settings.SCRATCH_DIR = tmp_path / "scratch"
    moves.follower.cache_clear()
    yield tmp_path / "scratch"
    moves.follower.cache_clear()
