"""A store of one's own for tests that put files into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks.archive import stored


@pytest.fixture
def own_store(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STORE_URL = str(tmp_path / "store")
    stored.store.cache_clear()
    yield
    stored.store.cache_clear()
