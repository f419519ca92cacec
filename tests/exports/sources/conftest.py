"""A store and an engine of one's own, which knows the job that fetches pages."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tasks.archive import stored
from tasks.engine import moves, run
from tasks.engine.lease import Heart
from tasks.models import Job
from tasks.outbound.policy import parse_policy
from tests.support import pages
from tests.support.jobs import a_job, run_slice


@pytest.fixture(autouse=True)
def _world(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    local = parse_policy(allow_nets="127.0.0.0/8", ports="any")
    settings.OUTBOUND = replace(local, total_timeout_s=20.0)
    settings.STORE_URL = str(tmp_path / "store")
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.JOB_HANDLERS = {pages.KIND: "tests.support.pages.fetch_all"}
    settings.JOB_FOLLOWERS = {pages.KIND: "exports.follow.export_moved"}
    quiet = Heart()
    quiet._thread = threading.current_thread()
    monkeypatch.setattr(run, "heart", quiet)
    stored.store.cache_clear()
    moves.follower.cache_clear()
    yield
    stored.store.cache_clear()
    moves.follower.cache_clear()


@pytest.fixture
def store_files(tmp_path: Path) -> Callable[[], list[Path]]:
    """Return what lists the files in the store, finished or not."""

    def files() -> list[Path]:
        return [path for path in (tmp_path / "store").rglob("*") if path.is_file()]

    return files


@pytest.fixture
def fetch(db: None) -> Callable[..., Job]:
    """Return what runs one fetching job to the end of its claim."""

    def run_one(url: str, **params: Any) -> Job:
        return run_slice(a_job(pages.KIND, params={"url": url, **params}))

    return run_one
