"""A delivery is sent at most once, and ends with an answer, whatever happens to it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exports import deliveries
from exports.models import Delivery
from tasks import services
from tasks.engine import clock, shift, sweep
from tasks.engine.run import Run
from tasks.states import JobState
from tests.support.delivering import (
    PATH,
    a_delivery,
    delivered,
    fresh,
    is_answered,
    log_of,
    never,
    told,
)
from tests.support.jobs import claimed, lose, put
from tests.support.polling import until
from tests.support.sources import Sources
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN = (
    "The request was interrupted while it was being sent. Whether it has arrived is"
    " unknown, and it was not sent again."
)


def sending(sources: Sources) -> tuple[Delivery, Run]:
    """Give a delivery whose request has arrived and is not answered yet."""
    delivery = a_delivery(sources.act(PATH, never))
    run = Run(claimed(delivery.job))
    run.advance(until=0)
    assert fresh(delivery).sending_at
    run.advance(until=0)
    until(lambda: sources.seen[PATH], within_s=5, what="the request came")
    return delivery, run


def test_what_was_begun_by_a_lost_worker_is_unknown_and_not_sent_again(
    sources: Sources,
) -> None:
    delivery, run = sending(sources)
    lose(delivery.job)

    shift.answer()
    run.end()

    seen = fresh(delivery)
    assert told(seen) == ("502 Bad Gateway", UNKNOWN)
    assert seen.answer_status is None
    assert (seen.job.state, seen.job.error_code) == ("failed", "outcome_unknown")
    assert log_of(seen) == [UNKNOWN]
    assert len(sources.seen[PATH]) == 1


def test_what_a_lost_worker_had_not_begun_is_sent(sources: Sources) -> None:
    delivery = a_delivery(sources.act(PATH, ok(b"thanks")))
    run = Run(claimed(delivery.job))
    lose(delivery.job)

    shift.answer()
    run.end()

    assert told(fresh(delivery)) == ("200 OK", "thanks")
    assert len(sources.seen[PATH]) == 1


def test_a_lost_worker_that_comes_back_does_not_send(sources: Sources) -> None:
    delivery = a_delivery(sources.act(PATH, ok(b"thanks")))
    late = Run(claimed(delivery.job))
    lose(delivery.job)
    shift.answer()

    late.advance(until=float("inf"))
    late.end()

    assert told(fresh(delivery)) == ("200 OK", "thanks")
    assert len(sources.seen[PATH]) == 1


def test_a_process_that_stood_still_before_sending_does_not_send(
    sources: Sources,
) -> None:
    delivery = a_delivery(sources.act(PATH, ok()))
    run = Run(claimed(delivery.job))
    run.advance(until=0)
    run.lease.renewed -= 11.0

    run.advance(until=0)
    run.end()
    lose(delivery.job)
    shift.answer()

    assert told(fresh(delivery)) == ("502 Bad Gateway", UNKNOWN)
    assert sources.hits == 0


def test_an_answer_a_lost_worker_could_not_record_leaves_the_outcome_unknown(
    sources: Sources,
) -> None:
    delivery = a_delivery(sources.act(PATH, ok(b"thanks")))
    run = Run(claimed(delivery.job))
    run.advance(until=0)
    lose(delivery.job)
    shift.answer()

    until(lambda: run.advance(until=0), within_s=5, what="the late worker gave up")
    run.end()

    assert told(fresh(delivery)) == ("502 Bad Gateway", UNKNOWN)
    assert len(sources.seen[PATH]) <= 1


def test_a_waiting_delivery_that_is_cancelled_was_not_sent(sources: Sources) -> None:
    delivery = a_delivery(sources.act(PATH, ok()))

    services.cancel(delivery.job)
    shift.answer()

    assert told(fresh(delivery)) == (
        "503 Service Unavailable",
        "Nothing was sent. The delivery was cancelled.",
    )
    assert sources.hits == 0


def test_a_delivery_that_is_cancelled_while_it_is_sent_is_unknown(
    sources: Sources,
) -> None:
    delivery, run = sending(sources)

    services.cancel(fresh(delivery).job)
    until(lambda: run.lease.cancelled, within_s=5, what="the cancel was heard")
    run.advance(until=0)
    run.end()

    assert told(fresh(delivery)) == ("502 Bad Gateway", UNKNOWN)
    assert fresh(delivery).job.state == JobState.CANCELLED


def test_a_delivery_past_its_deadline_was_not_sent(sources: Sources) -> None:
    delivery = a_delivery(sources.act(PATH, ok()))
    put(delivery.job, deadline_at=clock.now() - timedelta(seconds=1))

    sweep.fail_late(at=clock.now())

    assert told(fresh(delivery)) == (
        "503 Service Unavailable",
        "Nothing was sent. The job was not done in time.",
    )


def test_a_delivery_that_loses_all_workers_is_answered(sources: Sources) -> None:
    delivery, run = sending(sources)
    run.end()
    put(delivery.job, attempt=5, lease_owner="gone/1/x")
    lose(delivery.job)

    shift.answer()

    assert told(fresh(delivery)) == ("502 Bad Gateway", UNKNOWN)
    assert fresh(delivery).job.error_code == "worker_lost"


def test_a_retried_job_sends_nothing_and_changes_no_answer(sources: Sources) -> None:
    delivery = delivered(sources, b"")
    before = told(delivery)

    services.retry(delivery.job)
    shift.answer()

    assert told(fresh(delivery)) == before
    assert fresh(delivery).job.error_code == "answered"
    assert len(sources.seen[PATH]) == 1


def test_a_first_answer_stays(sources: Sources) -> None:
    delivery = delivered(sources, ok(b"first"))

    late = deliveries.Answer("404 Not Found", "late", 404)
    deliveries.record(delivery, late, at=timezone.now())

    assert told(fresh(delivery)) == ("200 OK", "first")


def test_a_host_that_stops_waits_for_an_answer_on_its_way(sources: Sources) -> None:
    delivery = a_delivery(
        sources.act(PATH, lambda peer, _: peer.drip(b"", ok(b"late"), every_s=0.5))
    )
    mine = shift.Shift()
    mine._take()
    mine._turn()
    while not sources.seen[PATH]:
        mine._turn()
    shift.stop_working()

    try:
        mine.work()
    finally:
        shift._stopping[0] = 0
        mine.end()

    assert told(fresh(delivery)) == ("200 OK", "late")


def test_a_host_that_stops_gives_up_what_is_not_answered_soon(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "GRACE_S", 0.2)
    delivery, run = sending(sources)
    mine = shift.Shift()
    mine.held.append(run)

    mine._part()
    mine.end()
    assert not is_answered(delivery)
    shift.answer()

    assert told(fresh(delivery)) == ("502 Bad Gateway", UNKNOWN)
    assert len(sources.seen[PATH]) == 1
