"""A dashboard that has found nothing out yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks.archive import stored
from tasks.dashboard import board


@pytest.fixture(autouse=True)
def _anew(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STORE_URL = str(tmp_path / "store")
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    settings.WHITENOISE_USE_FINDERS = False
    stored.store.cache_clear()
    board.forget()
    yield
    board.forget()
    stored.store.cache_clear()
