"""Keeping parts of an unfinished job in the store, and letting them go at its end."""

from django.db import transaction

from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.models import Job, Segment


def keep(job: Job, number: int, stored: Stored) -> Segment:
    """Say whose file it is; call in the transaction that saves the job's cursor."""
    return Segment.objects.create(
        job_id=job.pk, number=number, digest=stored.digest, size_bytes=stored.size
    )


def kept(job: Job) -> list[Stored]:
    """Return a job's segments in order."""
    rows = Segment.objects.filter(job_id=job.pk).order_by("number")
    return [Stored(*row) for row in rows.values_list("digest", "size_bytes")]


def are_whole(segments: list[Stored]) -> bool:
    return all(
        store().exists(one.digest) and store().size(one.digest) == one.size
        for one in segments
    )


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
