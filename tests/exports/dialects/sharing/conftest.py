"""A live service that shares, on each database."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.backends import why_not
from tests.support.sharing import Partner, sharing_service
from tests.support.web import Web


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("sharing")
    with (
        django_db_blocker.unblock(),
        sharing_service(request.param, folder) as running,
    ):
        yield running


@pytest.fixture
def alice(service: Web) -> Partner:
    return Partner(service)
