"""Datasets with a schedule, whose refreshes have ended, for tests of their turns."""

from datetime import UTC, datetime, timedelta

from registry import services
from registry.models import Dataset, Revision
from registry.states import RunState
from tests.support.specstore import spec_of

T0 = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def scheduled(
    name: str = "id", *, owner: str = "me", every: str = "every 1h", at: datetime = T0
) -> Dataset:
    """Upload a dataset at `at`, due an hour later; its first revision has succeeded."""
    spec = spec_of(owner=owner, dataset=name, schedule=every)
    revision = services.upload(contents=spec, max_datasets=None, at=at)
    end(revision)
    return revision.dataset


def end(revision: Revision, state: RunState = RunState.SUCCEEDED) -> None:
    Revision.objects.filter(pk=revision.pk).update(state=state)


def newest(dataset: Dataset) -> Revision:
    found = dataset.revisions.order_by("-number").first()
    assert found
    return found


def numbers() -> dict[str, int]:
    """Return the number of each dataset's newest revision."""
    return {str(one): one.newest for one in Dataset.objects.all()}
