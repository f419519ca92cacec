"""An open export page, with a store of its own and a worker that makes small files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks import services
from tests.support.exporting import closed_world


@pytest.fixture(autouse=True)
def _world(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.EXPORT_OPEN = True
    settings.EXPORT_SOURCE_URL = ""
    settings.SOURCE_DATABASES = {}
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    settings.WHITENOISE_USE_FINDERS = False
    monkeypatch.setattr(services, "_depth", services._Depth())
    with closed_world(tmp_path):
        yield
