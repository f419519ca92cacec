"""Sixteen uploads of one owner at the same moment."""

from itertools import count

import pytest
from django.utils import timezone

from registry import services
from registry.errors import QuotaExceeded
from registry.models import Dataset, Revision
from tests.support.specstore import spec_of
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_sixteen_new_datasets_at_once_never_exceed_the_quota_by_one() -> None:
    number = count()

    def upload() -> bool:
        spec = spec_of(dataset=f"d{next(number)}")
        try:
            services.upload(contents=spec, max_datasets=5, at=timezone.now())
        except QuotaExceeded:
            return False
        return True

    taken = at_once(16, upload)

    assert (sum(taken), Dataset.objects.count(), Revision.objects.count()) == (5, 5, 5)


def test_sixteen_revisions_of_one_dataset_at_once_are_numbered_one_by_one() -> None:
    def upload() -> int:
        spec = spec_of(dataset="one")
        made = services.upload(contents=spec, max_datasets=1, at=timezone.now())
        return made.number

    numbers = at_once(16, upload)

    assert sorted(numbers) == list(range(1, 17))
