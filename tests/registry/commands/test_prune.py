"""manage.py prune: what it says of the registry's part."""

import io

import pytest
from django.core.management import call_command

from registry.models import Dataset
from tests.support.history import a_revision, numbers

pytestmark = pytest.mark.django_db


def prune(*options: str) -> str:
    out = io.StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue()


def test_it_tells_how_many_revisions_went() -> None:
    for _ in range(3):
        a_revision(b"n,m\n")
    Dataset.objects.update(keep_successful=1)

    would, did = prune("--dry-run"), prune()

    assert would.startswith("Would delete 2 revisions, 0 comparisons, ")
    assert did.startswith("Deleted 2 revisions, 0 comparisons, ")
    assert numbers() == [3]
