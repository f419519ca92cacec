"""Fixtures for all tests: backends, and live services on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests.support import emptying
from tests.support.backends import forget_templates, why_not
from tests.support.live import Live
from tests.support.sources import Sources


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on-database",
        action="store_true",
        help="run what uses the test database, for a second pass on another one",
    )
    parser.addoption(
        "--whole",
        action="store_true",
        help="have the suites try every input they know, not a sample",
    )
    parser.addoption(
        "--portion",
        type=int,
        default=1,
        metavar="N",
        help="with --whole: try one of N inputs, in a shorter run",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    for item in items:
        # A suite that counts what went wrong takes no second try.
        if item.get_closest_marker("live") and not config.getoption("--whole"):
            # Real processes on a shared machine may be late: told as a rerun.
            item.add_marker(pytest.mark.flaky(reruns=1))
    if not config.getoption("--on-database"):
        return
    chosen = [item for item in items if _uses_database(item)]
    config.hook.pytest_deselected(items=list(set(items) - set(chosen)))
    items[:] = chosen


def _uses_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or "db" in fixtures


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Let the database go in the end: the heartbeat's thread keeps a connection."""
    with django_db_blocker.unblock():
        emptying.kept_at_first()
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(scope="session", autouse=True)
def _little_to_empty() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptying.empty)
        yield


@pytest.fixture
def sources() -> Iterator[Sources]:
    """Servers of files on loopback."""
    with Sources() as running:
        yield running


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
