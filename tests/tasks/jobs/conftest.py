"""A closed world for each test: a store of its own, and only loopback to fetch from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.exporting import closed_world


@pytest.fixture(autouse=True)
def _world(tmp_path: Path) -> Iterator[None]:
    with closed_world(tmp_path):
        yield
