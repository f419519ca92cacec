"""The sweep: what a supervisor mends each second, harmless in several copies."""

import logging
import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from tasks.archive.stored import store
from tasks.engine import clock, doorbell, identity
from tasks.engine.moves import EventKind, change, fail, note
from tasks.errors import FollowerFailed, JobMoved
from tasks.models import Job, Lane, WorkerHost, has_due_job
from tasks.states import JobState

SEEN_FOR = timedelta(seconds=5)
WEDGED_AFTER = timedelta(seconds=10)
# A claim made after the living were listed is younger than this.
LEFTOVER_AGE_S = 5.0
# What is sent in parts is as old as its first one, whoever still writes it.
REMOTE_LEFTOVER_AGE_S = 24 * 3600.0
BATCH = 200
log = logging.getLogger(__name__)


def tick(*, started_at: datetime, workers: int) -> None:
    """Do one round of all that must not wait for a worker to think of it."""
    at = clock.now()
    report(at=at, started_at=started_at, workers=workers)
    release_dead()
    fail_late(at=at)
    ring_for_due(at=at, most=workers)
    run_sweeps(at=at)


def run_sweeps(*, at: datetime) -> None:
    """Let the floors above look after what is theirs; one that fails stops no other."""
    for path in settings.SWEEPS:
        try:
            import_string(path)(at=at)
        except Exception:  # somebody else's code must not end the supervisor
            log.exception("sweep failed", extra={"sweep": path})


def report(*, at: datetime, started_at: datetime, workers: int) -> None:
    """Say that this supervisor lives, and forget those that long do not."""
    WorkerHost.objects.update_or_create(
        owner=identity.owner(),
        defaults={
            "workers": workers,
            "started_at": started_at,
            "seen_at": at,
        },
    )
    WorkerHost.objects.filter(seen_at__lt=at - timedelta(hours=1)).delete()


def has_live_worker() -> bool:
    """Tell whether any supervisor was heard of in the last seconds."""
    seen_since = clock.now() - SEEN_FOR
    return WorkerHost.objects.filter(seen_at__gte=seen_since).exists()


def release_dead() -> int:
    """Make the jobs of this host's dead workers due at once; return how many."""
    at = clock.now()
    leased = Job.objects.filter(
        state=JobState.INPROGRESS,
        due_at__gt=at,
        lease_owner__startswith=f"{identity.host()}/",
    ).values_list("pk", "fence", "lease_owner")
    released = 0
    for pk, fence, owner in leased[:BATCH]:
        if identity.is_dead(owner):
            same = Job.objects.filter(pk=pk, fence=fence, state=JobState.INPROGRESS)
            released += same.update(due_at=at)
    if released:
        doorbell.ring()
    return released


def hand_back(*, pid: int, suspect: UUID) -> None:
    """Park what a dead worker of this host held, but for the job that may be why.

    That one counts as lost; the others are resumed as if nothing had happened.
    """
    held = Job.objects.filter(
        state=JobState.INPROGRESS,
        lease_owner__startswith=f"{identity.host()}/{pid}/",
    )
    for job in held.exclude(pk=suspect):
        with suppress(JobMoved), transaction.atomic():
            change(job, lease_owner="", due_at=clock.now())
            note(job, EventKind.PARKED)
            doorbell.ring_after_commit()


def fail_late(*, at: datetime) -> None:
    """End jobs past their deadline, whoever holds them; the fence does the rest."""
    # Open ones, in the words of the index job_deadline: of `open()` SQLite reads all.
    late = Job.objects.filter(due_at__isnull=False, deadline_at__lt=at)
    for job in late.order_by("deadline_at")[:BATCH]:
        try:
            fail(job, code="deadline", message="The job was not done in time.")
        except JobMoved:
            continue
        except FollowerFailed:
            log.exception("job cannot move", extra=job.line)


def ring_for_due(*, at: datetime, most: int) -> None:
    """Ring once for each job that waits without a bell, up to the number of workers."""
    waiting = Lane.objects.filter(has_due_job(at=at - timedelta(milliseconds=300)))
    for _ in waiting.values_list("pk")[:most]:
        doorbell.ring()


def is_wedged(*, at: datetime) -> bool:
    """Tell whether due work waits for long while this host's workers hold nothing."""
    waits = Lane.objects.filter(has_due_job(at=at - WEDGED_AFTER)).exists()
    ours = Job.objects.filter(
        state=JobState.INPROGRESS,
        due_at__gt=at,
        lease_owner__startswith=f"{identity.host()}/",
    )
    return waits and not ours.exists()


def clear_scratch(*, now_s: float) -> int:
    """Remove the folders of claims that ended without cleaning up; return how many."""
    root: Path = settings.SCRATCH_DIR
    removed = 0
    for folder in root.glob("*/*"):
        if _is_old(folder, now_s) and not _is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    for parent in root.glob("*"):
        if _is_old(parent, now_s):
            with suppress(OSError):  # It is not empty.
                parent.rmdir()
    return removed


def clear_drafts() -> int:
    """Remove what dead workers were writing to the store; return how many files."""
    held = Job.objects.filter(state=JobState.INPROGRESS).exclude(lease_owner="")
    fences = {f"{pk}-{fence}" for pk, fence in held.values_list("pk", "fence")}
    age_s = LEFTOVER_AGE_S if store().is_local else REMOTE_LEFTOVER_AGE_S
    return store().sweep_tmp(keep=fences, older_than_s=age_s)


def _is_old(folder: Path, now_s: float) -> bool:
    try:
        return now_s - folder.stat().st_mtime > LEFTOVER_AGE_S
    except FileNotFoundError:  # Its worker has just removed it.
        return False


def _is_held(folder: Path) -> bool:
    try:
        job_id, fence = UUID(folder.parent.name), int(folder.name)
    except ValueError:
        return True  # None of ours, so not ours to remove.
    job = Job.objects.filter(pk=job_id, fence=fence, state=JobState.INPROGRESS)
    return job.exclude(lease_owner="").exists()
