"""An API key in an address is kept nowhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.core import serializers
from pytest_django import DjangoDbBlocker

from exports.models import ShareQuery
from tasks.models import Job
from tests.support.sharing import Partner, a_share, sharing_service, some_events
from tests.support.web import Web

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="module")
def service(folder: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Web]:
    with (
        django_db_blocker.unblock(),
        sharing_service("sqlite", folder, LOG_LEVEL="DEBUG") as running,
    ):
        yield running


def test_a_key_in_an_address_is_neither_logged_nor_saved(
    alice: Partner, folder: Path
) -> None:
    share = a_share("secrets")
    alice.append(share, some_events(3))

    for more in ("", "&filter=n%20%3D%201", "&limit=x", "&token=foo"):
        requests.get(alice.url(share) + more, timeout=30)

    rows = [*ShareQuery.objects.all(), *Job.objects.all()]
    saved = serializers.serialize("json", rows)
    assert ShareQuery.objects.count() == 3
    assert alice.key not in saved
    assert alice.key not in (folder / "up.log").read_text()
