"""A task with assets for each test."""

import threading
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks.archive.store import LocalStore
from tasks.engine import run
from tasks.engine.lease import Heart
from tests.support.processing import Processing


@pytest.fixture
def heart(monkeypatch: pytest.MonkeyPatch) -> Heart:
    """A heart without a thread of its own: it beats when the test says so."""
    quiet = Heart()
    quiet._thread = threading.current_thread()
    monkeypatch.setattr(run, "heart", quiet)
    return quiet


@pytest.fixture
def processing(
    db: None, settings: Settings, heart: Heart, tmp_path: Path
) -> Processing:
    settings.SCRATCH_DIR = tmp_path / "scratch"
    return Processing(LocalStore(tmp_path / "store"), tmp_path / "work")
