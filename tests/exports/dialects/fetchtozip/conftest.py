"""A door that is open, with a store of its own and a worker that makes small files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks import services
from tasks.archive import stored


@pytest.fixture(autouse=True)
def _world(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.EXPORT_OPEN = True
    settings.EXPORT_SOURCE_URL = ""
    settings.SOURCE_DATABASES = {}
    settings.JOB_HANDLERS = {
        **settings.JOB_HANDLERS,
        "exports.export": "tests.support.fetchtozip.makes_csv",
    }
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    settings.WHITENOISE_USE_FINDERS = False
    settings.STORE_URL = str(tmp_path / "store")
    settings.SCRATCH_DIR = tmp_path / "scratch"
    monkeypatch.setattr(services, "_depth", services._Depth())
    stored.store.cache_clear()
    yield
    stored.store.cache_clear()
