"""A live service that delivers, and a destination that echoes, on each database."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.backends import why_not
from tests.support.databox import a_destination, delivering
from tests.support.sources import Sources
from tests.support.web import Web


@pytest.fixture(scope="module")
def destination() -> Iterator[Sources]:
    with Sources() as running:
        a_destination(running)
        yield running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("databox")
    with django_db_blocker.unblock(), delivering(request.param, folder) as running:
        yield running
