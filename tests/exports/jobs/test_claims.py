"""Workers that lose a job, or give it back, in the middle of an export."""

import pytest

from tasks.engine.run import Run
from tasks.models import Job
from tests.support.exporting import an_export, ended, leftovers
from tests.support.jobs import claimed, lose, make_due
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.django_db(transaction=True)

CSV = b"n,m\n" + b"".join(b"%d,some text\n" % n for n in range(900_000))


def under_way(job: Job) -> Run:
    """Claim a job and run it until some rows are written."""
    run = Run(claimed(job))
    while not run.job.rows:
        assert not run.advance(until=0)
        run._write()
    return run


def test_who_lost_the_job_changes_nothing_any_more(sources: Sources) -> None:
    task = an_export(sources.put("/a.csv", CSV))
    first = under_way(task.job)
    lose(task.job)

    done = ended(task)
    assert first.advance(until=float("inf"))
    first.end()

    task.refresh_from_db()
    assert done.artifact is not None
    assert task.artifact == done.artifact
    digest = done.artifact.digest
    assert leftovers() == [f"store/{digest[:2]}/{digest[2:4]}/{digest}"]


def test_a_job_that_was_given_back_starts_over(sources: Sources) -> None:
    task = an_export(sources.put("/a.csv", CSV))
    first = under_way(task.job)

    first.park()
    first.end()
    assert leftovers() == []
    make_due(task.job)
    done = ended(task)

    assert done.job.rows == 900_000
    assert len(sources.seen["/a.csv"]) == 2


def test_what_changed_at_the_source_in_between_is_what_counts(
    sources: Sources,
) -> None:
    def breaks(peer: Connection, _: Request) -> None:
        peer.send(ok(CSV, length=len(CSV) + 1))

    task = ended(an_export(sources.act("/a.csv", breaks, ok(b"k\n1\n"))))

    assert task.artifact is not None
    assert task.artifact.rows == 1
    assert task.artifact.receipt["sources"][0]["bytes"] == 4
