"""Services on databases and doorbells that a test may break."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from tests.support.backends import bound_to
from tests.support.live import Live
from tests.support.servers import Postgres, Redis, own_redis, postgres, why_no_cluster


class PrivateLive(Live):
    """A service on a PostgreSQL cluster, and perhaps a Redis, of its own."""

    def __init__(
        self, folder: Path, cluster: Postgres, doorbell: Redis | None = None
    ) -> None:
        super().__init__(
            "redis" if doorbell else "postgresql", folder, LIVE_KINDS="test"
        )
        self.cluster = cluster
        if doorbell:
            self.redis_url = doorbell.url

    def _database(self) -> AbstractContextManager[str]:
        return _migrated(self.cluster.url)


@contextmanager
def _migrated(url: str) -> Iterator[str]:
    with bound_to(url):
        call_command("migrate", verbosity=0, interactive=False)
    yield url


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    if reason := why_no_cluster():
        pytest.skip(reason)
    with postgres() as running:
        yield running


@pytest.fixture
def doorbell() -> Iterator[Redis]:
    with own_redis() as running:
        yield running


@pytest.fixture
def on_cluster(
    cluster: Postgres, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[PrivateLive]:
    with (
        django_db_blocker.unblock(),
        PrivateLive(tmp_path / "var", cluster) as service,
    ):
        yield service
        print(service.log[-4000:])


@pytest.fixture
def on_redis(
    cluster: Postgres,
    doorbell: Redis,
    tmp_path: Path,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[PrivateLive]:
    with (
        django_db_blocker.unblock(),
        PrivateLive(tmp_path / "var", cluster, doorbell) as service,
    ):
        yield service
        print(service.log[-4000:])
