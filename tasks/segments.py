"""Keeping parts of an unfinished job in the store, and letting them go at its end."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.models import Job, Segment

MOST = 2**31 - 1  # as high as they are numbered


def keep(job: Job, number: int, stored: Stored) -> Segment:
    """Say whose file it is; call in the transaction that saves the job's cursor."""
    return Segment.objects.create(
        job_id=job.pk, number=number, digest=stored.digest, size_bytes=stored.size
    )


def kept(job: Job) -> list[Stored]:
    """Return a job's segments in order."""
    return kept_between(job.pk, 0, MOST)


def are_whole(segments: list[Stored]) -> bool:
    return all(
        store().exists(one.digest) and store().size(one.digest) == one.size
        for one in segments
    )


def hand_over(job: Job, *, to: UUID, after: int) -> int:
    """Make a job's segments another's, numbered from `after` on; return how many.

    Call in the transaction in which the job ends well.
    """
    mine = Segment.objects.filter(job_id=job.pk)
    return mine.update(job_id=to, number=F("number") + after)


def kept_between(job_id: UUID, first: int, end: int) -> list[Stored]:
    """Return a job's segments with these numbers, in order."""
    rows = Segment.objects.filter(job_id=job_id, number__gte=first, number__lt=end)
    in_order = rows.order_by("number").values_list("digest", "size_bytes")
    return [Stored(*row) for row in in_order]


@transaction.atomic
def drop(job: Job) -> int:
    """Delete a job's segments, their files once the transaction has committed.

    A file that is left behind when the process dies in between belongs to nothing,
    and goes when the store is pruned.
    """
    mine = Segment.objects.filter(job_id=job.pk)
    digests = list(mine.values_list("digest", flat=True))
    if digests:
        mine.delete()
        transaction.on_commit(lambda: _delete_files(digests), robust=True)
    return len(digests)


def _delete_files(digests: list[str]) -> None:
    for digest in digests:
        store().delete(digest)
