"""A closed world for each test, and sources in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.exporting import closed_world


@pytest.fixture(autouse=True)
def _world(tmp_path: Path) -> Iterator[None]:
    with closed_world(tmp_path):
        yield
