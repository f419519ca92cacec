"""Deleting what nobody needs: finished jobs, unowned artifacts, unowned files."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from tasks import pace
from tasks.archive.stored import store
from tasks.engine import sweep
from tasks.models import Artifact, Job, Segment
from tasks.states import FINAL

# A file is in the store before its artifact's row is: leave the young ones alone.
YOUNG_S = 3600.0
BATCH = 500


@dataclass
class Pruned:
    jobs: int = 0
    artifacts: int = 0
    files: int = 0
    size_bytes: int = 0
    drafts: int = 0
    # What the floors above deleted, by what they call it.
    others: dict[str, int] = field(default_factory=dict)


def prune(*, before: datetime, dry_run: bool = False) -> Pruned:
    """Delete jobs finished before a time, what has expired, and what is left over.

    A dry run does not count the files of what it would only have deleted.
    """
    pruned = Pruned()
    for path in settings.PRUNES:
        pruned.others |= import_string(path)(at=timezone.now(), dry_run=dry_run)
    _jobs(pruned, before, dry_run=dry_run)
    _artifacts(pruned, dry_run=dry_run)
    _files(pruned, dry_run=dry_run)
    if not dry_run:
        pruned.drafts = sweep.clear_drafts()
        pace.forget(at=timezone.now())
    return pruned


def _jobs(pruned: Pruned, before: datetime, *, dry_run: bool) -> None:
    old = Job.objects.filter(state__in=FINAL, finished_at__lt=before)
    if dry_run:
        pruned.jobs = old.count()
        return
    # In batches, so that no lock is held for long.
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        Job.objects.filter(pk__in=ids).delete()
        pruned.jobs += len(ids)


def _artifacts(pruned: Pruned, *, dry_run: bool) -> None:
    expired = Artifact.objects.filter(expires_at__lt=timezone.now())
    for artifact in chain(expired, _unowned().only("pk")):
        pruned.artifacts += dry_run or _delete(artifact)


def _unowned() -> QuerySet[Artifact]:
    """Match what is to be kept for as long as a row refers to it, and none does."""
    old_enough = timezone.now() - timedelta(seconds=YOUNG_S)
    unowned = Artifact.objects.filter(created_at__lt=old_enough, expires_at=None)
    for relation in Artifact._meta.get_fields():  # noqa: SLF001 - documented API
        if relation.one_to_many or relation.one_to_one:
            unowned = unowned.filter(**{relation.name: None})
    return unowned


def _delete(artifact: Artifact) -> bool:
    try:
        with transaction.atomic():
            artifact.delete()
    except (ProtectedError, IntegrityError):  # a revision (now) shows it
        return False
    return True


def _files(pruned: Pruned, *, dry_run: bool) -> None:
    if not dry_run:  # an ended job's are let go of by its follower, if it has one
        Segment.objects.filter(job__state__in=FINAL).delete()
    for digest in store().digests(older_than_s=YOUNG_S):
        if _is_owned(digest):
            continue
        pruned.files += 1
        pruned.size_bytes += store().size(digest)
        if not dry_run:
            store().delete(digest)


def _is_owned(digest: str) -> bool:
    """Tell whether an artifact shows the file, or an open job still needs it."""
    shown = Artifact.objects.filter(digest=digest).exists()
    return shown or Segment.objects.filter(digest=digest).exists()
