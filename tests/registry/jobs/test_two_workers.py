"""Several workers at the pipelines of one revision."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from tasks.engine import shift
from tasks.models import Artifact, Job, JobEvent
from tasks.states import OPEN
from tests.support.sources import Sources
from tests.support.specstore import revision_of, spec_of, states_of, table, uploaded

TABLES = 6
MOST_SHIFTS = 200


def work() -> None:
    try:
        for _ in range(MOST_SHIFTS):
            shift.answer()
            if not Job.objects.filter(state__in=OPEN).exists():
                return
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_workers_end_a_revision_without_getting_in_each_others_way(
    client: Client, sources: Sources
) -> None:
    """Both publish files of one revision and settle its state at once."""
    tables = [
        table(f"t{n}", sources.put(f"/{n}.csv", f"n\n{n}\n".encode()), "n:integer")
        for n in range(TABLES)
    ]
    uploaded(client, spec_of(*tables))

    with ThreadPoolExecutor(2) as pool:
        for worker in [pool.submit(work), pool.submit(work)]:
            worker.result(timeout=60)

    revision = revision_of(client, "me/id/1")
    assert revision["state"] == "SUCCEEDED"
    assert set(states_of(revision).values()) == {"SUCCEEDED"}
    assert Job.objects.count() == len(revision["pipelines"]) == TABLES * 4 + 3
    assert Artifact.objects.filter(name="datapackage.json").count() == 1
    again = (JobEvent.Kind.RETRY, JobEvent.Kind.LEASE_LOST, JobEvent.Kind.ERROR)
    assert list(JobEvent.objects.filter(kind__in=again).values("kind", "data")) == []
