"""Sending an event once more."""

import pytest
from django.test import Client

from registry import events
from registry.models import EventDelivery
from tasks import services
from tasks.engine import shift
from tasks.errors import JobMoved
from tasks.models import Job
from tests.support.receivers import (
    delivery,
    event_job,
    subscribed,
)
from tests.support.sources import Sources
from tests.support.specstore import (
    run_jobs,
    run_to_end,
    spec_of,
    uploaded,
)
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_replay_beside_one_that_ended_sends_the_same_event_once_more(
    client: Client, sources: Sources
) -> None:
    subscribed(sources)
    run_to_end(client, spec_of())

    again = events.replay(delivery())
    run_jobs()

    first, second = sources.seen["/hook"]
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert EventDelivery.objects.count() == 2
    again.refresh_from_db()
    assert again.status == 200


def test_a_replay_of_what_waits_for_its_next_try_is_that_try(
    client: Client, sources: Sources
) -> None:
    busy = ok(b"", "Retry-After: 3000", status="503 Service Unavailable")
    subscribed(sources, busy, ok())
    uploaded(client, spec_of())
    shift.answer()
    shift.answer()
    assert len(sources.seen["/hook"]) == 1

    again = events.replay(delivery())
    shift.answer()

    assert again == delivery()
    assert len(sources.seen["/hook"]) == 2
    assert delivery().delivered_at


def test_a_replay_goes_on_without_the_job_that_was_pruned(
    client: Client, sources: Sources
) -> None:
    subscribed(sources)
    run_to_end(client, spec_of())
    Job.objects.filter(kind="registry.event").delete()

    events.replay(delivery())
    run_jobs()

    assert len(sources.seen["/hook"]) == 2


def test_staff_may_retry_a_failed_delivery_as_any_job(
    client: Client, sources: Sources
) -> None:
    subscribed(sources, ok(b"", status="404 Not Found"), ok())
    run_to_end(client, spec_of())

    services.retry(event_job())
    run_jobs()

    assert delivery().delivered_at


def test_what_is_running_or_has_ended_cannot_be_hurried(client: Client) -> None:
    run_to_end(client, spec_of())

    with pytest.raises(JobMoved, match="waits for nothing"):
        services.hurry(Job.objects.earliest("queued_at"))
