"""Fixtures for all tests: backends, and live services on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.backends import forget_templates, why_not
from tests.support.live import Live


@pytest.fixture(scope="session")
def _templates(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield
    forget_templates()


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Where the live service runs: SQLite, unless parametrized otherwise."""
    name: str = getattr(request, "param", "sqlite")
    if reason := why_not(name):
        pytest.skip(reason)
    return name


@pytest.fixture
def live(
    backend: str,
    tmp_path: Path,
    django_db_blocker: DjangoDbBlocker,
    _templates: None,
) -> Iterator[Live]:
    """A service of its own, with a database but no worker yet."""
    with (
        django_db_blocker.unblock(),
        Live(backend, tmp_path / "var", LIVE_KINDS="test") as service,
    ):
        yield service
        # Shown by pytest if the test failed.
        print(service.log[-4000:])
