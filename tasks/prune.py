"""Deleting what nobody needs: finished jobs, expired artifacts, unowned files."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from tasks.archive.stored import store
from tasks.engine import sweep
from tasks.models import Artifact, Job
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


def prune(*, before: datetime, dry_run: bool = False) -> Pruned:
    """Delete jobs finished before a time, what has expired, and what is left over."""
    pruned = Pruned()
    _jobs(pruned, before, dry_run=dry_run)
    _artifacts(pruned, dry_run=dry_run)
    _files(pruned, dry_run=dry_run)
    if not dry_run:
        pruned.drafts = sweep.clear_drafts()
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
    for artifact in Artifact.objects.filter(expires_at__lt=timezone.now()):
        pruned.artifacts += dry_run or _delete(artifact)


def _delete(artifact: Artifact) -> bool:
    try:
        with transaction.atomic():
            artifact.delete()
    except ProtectedError:  # a revision still shows it
        return False
    return True


def _files(pruned: Pruned, *, dry_run: bool) -> None:
    for digest in store().digests(older_than_s=YOUNG_S):
        if Artifact.objects.filter(digest=digest).exists():
            continue
        pruned.files += 1
        pruned.size_bytes += store().size(digest)
        if not dry_run:
            store().delete(digest)
