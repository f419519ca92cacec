"""An old revision, once more as a new one."""

import pytest
from django.utils import timezone

from registry import history
from registry.errors import NotAuthorised
from registry.models import Dataset, Revision
from tasks import services
from tasks.models import Identity, Job
from tests.support.history import a_revision, a_spec, private

pytestmark = pytest.mark.django_db


def test_an_old_spec_becomes_the_newest_revision() -> None:
    old = a_revision(b"n,m\n", a_spec("a", schedule="every 1d"))
    a_revision(b"n,m\n", private(a_spec("b")))

    new = history.restore(revision=old, at=timezone.now())

    assert (new.flow_id, new.cause, new.state) == ("me/id/3", "restore", "queued")
    assert new.findability == "published"
    dataset = Dataset.objects.get()
    assert (dataset.findability, dataset.period_s) == ("published", 86_400)
    assert dataset.scheduled_for is not None
    assert Job.objects.filter(pipeline__revision=new).exists()


def test_only_the_time_of_its_upload_is_new() -> None:
    old = a_revision(b"n,m\n")

    new = history.restore(revision=old, at=timezone.now())

    assert new.spec["meta"].pop("update_time") > old.spec["meta"].pop("update_time")
    assert new.spec == old.spec


def test_nothing_is_restored_for_an_owner_who_was_revoked() -> None:
    old = a_revision(b"n,m\n")
    owner = services.client_of(Identity.Scheme.JWT, "me")
    owner.revoked_at = timezone.now()
    owner.save()

    with pytest.raises(NotAuthorised):
        history.restore(revision=old, at=timezone.now())

    assert Revision.objects.count() == 1
