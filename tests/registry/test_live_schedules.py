"""A running `manage.py up` fetches what is due, by itself."""

from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from registry.models import Revision
from tests.support.backends import BACKENDS, bound_to, own_database
from tests.support.polling import until
from tests.support.schedules import HOUR, scheduled
from tests.support.web import up

pytestmark = pytest.mark.live


@pytest.mark.parametrize("backend", BACKENDS[:2], indirect=True)
def test_a_dataset_that_is_due_gets_a_revision_and_its_files(
    backend: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), own_database(backend, tmp_path) as url:
        with bound_to(url):
            scheduled(at=timezone.now() - 3 * HOUR)
        with up(tmp_path, DATABASE_URL=url) as service:
            made = "/source/me/id/2"

            until(
                lambda: service.answers(made, 200),
                within_s=15,
                what=f"{made} is there",
            )
            until(
                lambda: service.get(made).json()["state"] == "SUCCEEDED",
                within_s=20,
                what=f"{made} succeeds",
            )

            assert service.answers("/source/me/id/3", 404)
        with bound_to(url):
            assert Revision.objects.get(number=2).cause == "schedule"
