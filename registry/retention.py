"""How long what is in the registry is kept, and what of it goes."""

from datetime import datetime, timedelta

from django.db import transaction

from registry.models import Comparison, Dataset, RevisionQuerySet
from registry.states import ENDED, RunState

COMPARISONS_KEPT = timedelta(days=30)


def prune(*, at: datetime, dry_run: bool) -> dict[str, int]:
    """Delete the revisions and comparisons that are no longer to be kept."""
    limited = Dataset.objects.filter(keep_successful__isnull=False)
    revisions = 0
    for dataset in limited.iterator():
        revisions += past_keeping(dataset).count() if dry_run else trim(dataset=dataset)
    old = Comparison.objects.filter(created_at__lt=at - COMPARISONS_KEPT)
    comparisons = old.count() if dry_run else old.delete()[0]
    return {"revisions": revisions, "comparisons": comparisons}


@transaction.atomic
def trim(*, dataset: Dataset) -> int:
    """Delete a dataset's revisions past keeping; return how many they were.

    Their files go when the artifacts that no other revision shows are pruned.
    """
    # Locked: a failed one that is being retried must be seen as running, or wait.
    past = past_keeping(dataset).select_for_update()
    ids = list(past.values_list("pk", flat=True))
    dataset.revisions.filter(pk__in=ids).delete()
    return len(ids)


def past_keeping(dataset: Dataset) -> RevisionQuerySet:
    """Match what has ended and is older than the last successful ones to be kept.

    The newest successful revision is always one of those.
    """
    if dataset.keep_successful is None:
        return dataset.revisions.none()
    kept = max(1, dataset.keep_successful)
    successful = dataset.revisions.filter(state=RunState.SUCCEEDED)
    numbers = successful.order_by("-number").values_list("number", flat=True)
    oldest_kept = list(numbers[kept - 1 : kept])
    if not oldest_kept:
        return dataset.revisions.none()
    return dataset.revisions.filter(number__lt=oldest_kept[0], state__in=ENDED)
