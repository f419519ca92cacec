"""Logs in folders of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exports.events.histories import small_parts
from tests.exports.events.logs import Stream, a_stream


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return a_stream(tmp_path)


@pytest.fixture(scope="module")
def in_small_parts() -> Iterator[None]:
    with small_parts():
        yield
