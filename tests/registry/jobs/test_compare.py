"""The job that compares two tables, and files that others may still want."""

import pytest
from django.db import transaction
from django.test import Client

from registry import history
from registry.jobs.work import kept
from registry.models import Comparison
from tasks.engine.run import Run
from tasks.errors import WorkFailed
from tasks.models import Artifact, Job, JobEvent
from tests.support.history import a_revision, a_spec, answer, ask
from tests.support.jobs import claimed
from tests.support.specstore import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def many_rows(mark: str, rows: int = 5_000) -> bytes:
    return b"n,m\n" + b"".join(f"{n},{mark}\n".encode() for n in range(rows))


def test_its_file_has_a_receipt_and_its_log_the_numbers(client: Client) -> None:
    first, second = a_revision(many_rows("x")), a_revision(many_rows("y"))
    answer(client)

    job = Job.objects.get(kind=history.JOB_KIND)
    artifact = Comparison.objects.get().artifact
    assert artifact is not None
    assert (artifact.rows, artifact.job, artifact.media_type) == (
        10_000,
        job,
        "text/csv; charset=utf-8",
    )
    digests = [one.outputs.get().artifact.digest for one in (first, second)]
    assert artifact.receipt["sources"] == [
        {"before": digests[0]},
        {"after": digests[1]},
    ]
    assert (job.done, job.total, job.size_bytes) == (1, 1, artifact.size_bytes)
    notes = JobEvent.objects.filter(job=job, kind="note")
    assert [one.data["text"] for one in notes] == ["0 added, 0 removed, 5000 changed"]


def test_one_that_was_interrupted_begins_again(client: Client) -> None:
    a_revision(many_rows("x"))
    a_revision(many_rows("y"))
    ask(client, "1/2")
    run = Run(claimed())
    run.advance(until=0.0)
    run.park()
    run.end()
    assert Comparison.objects.get().found is None

    run_jobs()

    assert answer(client)["data"]["a"]["changed"] == 5_000


def test_a_table_that_cannot_be_read_is_told(client: Client) -> None:
    a_revision(b"n,m\n1,x\n")
    a_revision(b"n,n\n1,x\n")

    error = answer(client)["data"]["a"]["error"]

    assert error == "Columns 1 and 2 are both called 'n'."


def test_two_tables_that_are_the_same_twice_are_compared_once(client: Client) -> None:
    spec = a_spec("a", "b")
    a_revision(b"n,m\n1,x\n", spec)
    a_revision(b"n,m\n1,y\n", spec)

    found = answer(client)["data"]

    assert found["a"]["changed"] == found["b"]["changed"] == 1
    assert Job.objects.filter(kind=history.JOB_KIND).count() == 1


def test_a_file_pruned_before_it_was_reused_is_made_again() -> None:
    artifact = Artifact.objects.create(digest="0" * 64, size_bytes=0, name="a.csv")
    reused = Artifact.objects.get()
    artifact.delete()

    with pytest.raises(WorkFailed) as raised, transaction.atomic():
        kept(reused)

    assert raised.value.temporary
