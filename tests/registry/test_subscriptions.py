"""Who is told of which ends, where, and with which secret."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry import subscriptions
from registry.errors import NotOfOwner
from registry.models import Dataset, Subscription
from tasks import outbound
from tasks.states import JobState
from tests.support.receivers import (
    deliver,
    delivery,
    event_job,
    is_signed_by,
    subscribed,
)
from tests.support.sources import Sources
from tests.support.specstore import (
    Json,
    run_jobs,
    run_to_end,
    spec_of,
    table,
    uploaded,
)
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)

LATER = ok(b"", "Retry-After: 60", status="503 Service Unavailable")


def test_a_subscription_may_name_no_dataset_of_another(client: Client) -> None:
    uploaded(client, spec_of())

    with pytest.raises(NotOfOwner):
        subscriptions.subscribe(
            owner="you", dataset=Dataset.objects.get(), url="http://127.0.0.1/"
        )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://user:password@example.com/",
        "http://2130706433/",
        "example.com",
        "",
    ],
)
def test_a_subscription_to_where_nothing_may_be_sent_is_refused(url: str) -> None:
    with pytest.raises(outbound.OutboundError):
        subscriptions.subscribe(owner="me", url=url)


def test_who_is_told(client: Client, sources: Sources) -> None:
    """By owner or by dataset, by success or failure, unless they were disabled."""
    run_to_end(client, spec_of(dataset="other"))
    other = Dataset.objects.get()
    run_to_end(client, spec_of())
    mine = Dataset.objects.get(name="id")
    subscribed(sources, path="/owner")
    subscribed(sources, path="/dataset", dataset=mine)
    subscribed(sources, path="/failures", only_failures=True)
    subscribed(sources, path="/elsewhere", dataset=other)
    subscribed(sources, path="/stranger", owner="you")
    off = subscribed(sources, path="/off")
    subscriptions.disable(subscription=off, at=mine.created_at)

    run_to_end(client, spec_of())

    assert set(sources.seen) == {"/owner", "/dataset"}
    run_to_end(client, spec_of(failing(sources)))
    assert set(sources.seen) - {"/a.csv"} == {"/owner", "/dataset", "/failures"}


def test_both_secrets_sign_for_a_day_after_a_rotation(
    client: Client, sources: Sources
) -> None:
    subscription = subscribed(sources)
    old = subscription.secret

    new = subscriptions.rotate_secret(subscription=subscription, at=timezone.now())
    run_to_end(client, spec_of())
    Subscription.objects.update(old_secret_until=timezone.now())
    run_to_end(client, spec_of())

    during, after = sources.seen["/hook"]
    assert is_signed_by(new, during)
    assert is_signed_by(old, during)
    assert during.headers["webhook-signature"].startswith("v1,")
    assert is_signed_by(new, after)
    assert not is_signed_by(old, after)
    assert after.headers["webhook-signature"].count("v1,") == 1


def test_the_old_secret_is_good_for_a_day() -> None:
    made, secret = subscriptions.subscribe(owner="me", url="http://127.0.0.1/")
    at = datetime(2026, 1, 1, tzinfo=UTC)

    new = subscriptions.rotate_secret(subscription=made, at=at)

    made.refresh_from_db()
    assert made.secrets_at(at + timedelta(hours=23)) == [new, secret]
    assert made.secrets_at(at + timedelta(hours=24)) == [new]


def test_410_ends_the_subscription(client: Client, sources: Sources) -> None:
    subscribed(sources, ok(b"gone", status="410 Gone"))

    run_to_end(client, spec_of())
    run_to_end(client, spec_of())

    assert Subscription.objects.get().disabled_at
    assert len(sources.seen["/hook"]) == 1
    assert (delivery().status, event_job().state) == (410, JobState.FAILED)


def test_what_is_on_its_way_to_one_who_is_disabled_is_not_sent(
    client: Client, sources: Sources
) -> None:
    subscription = subscribed(sources, LATER)
    deliver(client)

    subscriptions.disable(subscription=subscription, at=timezone.now())
    run_jobs()

    assert len(sources.seen["/hook"]) == 1
    assert (event_job().state, event_job().error_code) == (JobState.FAILED, "disabled")


def failing(sources: Sources) -> Json:
    return table("a", sources.fails("/a.csv", "404 Not Found"), "n")
