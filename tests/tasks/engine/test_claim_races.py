"""Many workers at the same lanes at once: each job is claimed by one."""

from collections import Counter
from time import monotonic
from uuid import UUID

import pytest
from django.db import connection, transaction

from tasks import services
from tasks.engine.claim import claim
from tasks.engine.moves import move
from tasks.models import Job
from tasks.states import OPEN, JobState
from tests.support.jobs import a_client, a_job
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS, JOBS = 8, 50
LONGEST_S = 40.0


@pytest.mark.parametrize("lanes", [1, 5, JOBS])
def test_of_eight_workers_each_job_is_claimed_by_one(lanes: int) -> None:
    for number in range(JOBS):
        a_job(lane=f"lane-{number % lanes}")

    def work() -> list[UUID]:
        mine, end = [], monotonic() + LONGEST_S
        while Job.objects.filter(state=JobState.QUEUED).exists():
            assert monotonic() < end
            if job := claim():
                mine.append(job.pk)
        return mine

    claims = Counter(pk for mine in at_once(WORKERS, work) for pk in mine)

    assert len(claims) == JOBS
    assert set(claims.values()) == {1}
    assert set(Job.objects.values_list("fence", flat=True)) == {1}


def test_eight_workers_take_a_serial_lane_one_after_the_other() -> None:
    jobs = [a_job(serial=True).pk for _ in range(20)]
    order: list[UUID] = []

    def work() -> None:
        end = monotonic() + LONGEST_S
        while Job.objects.filter(state__in=OPEN).exists():
            assert monotonic() < end
            if job := claim():
                # Nobody else holds a job of this lane, so nobody else appends.
                order.append(job.pk)
                move(job, JobState.SUCCEEDED)

    at_once(WORKERS, work)

    assert order == jobs


def test_who_adds_to_a_lane_does_not_wait_for_who_claims_from_it() -> None:
    """A claim that waits for rows of the adder would be a deadlock."""
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("this database has one writer at a time")
    a_job(lane="shared")
    client = a_client()

    def add() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        services.enqueue("test.steps", client=client, params={}, lane="shared")

    with transaction.atomic():
        assert claim()
        at_once(1, add)

    assert Job.objects.count() == 2
