"""Handing a delivery over, asking for it, and getting its answer once."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from exports import deliveries
from exports.deliveries import NoSuchDelivery, NothingToReplay, Stage
from exports.models import Delivery
from tasks import prune as tasks_prune
from tasks.errors import TooManyJobs
from tasks.models import Job, Lane
from tasks.states import JobState
from tests.support.delivering import a_delivery, fresh
from tests.support.jobs import a_client, claimed
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

URL = "http://box.example/in?key=secret"


def answered(*, hours_ago: float = 0.0) -> Delivery:
    delivery = a_delivery(URL)
    answer = deliveries.Answer("200 OK", "thanks", 200)
    at = timezone.now() - timedelta(hours=hours_ago)
    Delivery.objects.filter(pk=delivery.pk).update(sending_at=at)
    deliveries.record(delivery, answer, at=at)
    return fresh(delivery)


def found(delivery: Delivery) -> Delivery:
    return deliveries.find(client=a_client(), delivery_id=delivery.pk)


def test_a_new_delivery_waits_in_its_clients_serial_lane() -> None:
    delivery = a_delivery(URL, data='{"n":1}')

    seen = fresh(delivery)
    client = a_client()
    assert (seen.destination, seen.data) == (URL, '{"n":1}')
    assert (seen.job.kind, seen.job.client) == ("exports.delivery", client)
    assert (seen.job.lane_id, seen.job.serial) == (f"delivery:{client.pk}", True)
    assert seen.job.max_retries == 0
    assert seen.job.params == {"delivery": str(seen.pk)}


def test_a_refused_delivery_leaves_nothing_behind(settings: Settings) -> None:
    settings.MAX_OPEN_JOBS_PER_CLIENT = 1
    a_delivery(URL)

    with pytest.raises(TooManyJobs):
        a_delivery(URL)

    assert (Delivery.objects.count(), Job.objects.count()) == (1, 1)
    assert Lane.objects.count() == 1


def test_the_state_follows_the_job_until_there_is_an_answer() -> None:
    delivery = a_delivery(URL)
    states = [deliveries.state_of(found(delivery))]
    claimed(delivery.job)
    states.append(deliveries.state_of(found(delivery)))
    deliveries.record(delivery, deliveries.Answer("299", "", 299), at=timezone.now())
    states.append(deliveries.state_of(found(delivery)))

    assert states == [Stage.PENDING, Stage.PROCESSING, Stage.FINISHED]
    assert [str(one) for one in states] == ["Pending", "Processing", "Finished"]


def test_only_its_client_finds_a_delivery() -> None:
    delivery = a_delivery(URL)

    assert found(delivery) == delivery
    with pytest.raises(NoSuchDelivery):
        deliveries.find(client=a_client("bob"), delivery_id=delivery.pk)
    with pytest.raises(NoSuchDelivery):
        deliveries.find(client=a_client(), delivery_id=uuid.uuid4())


def test_a_collected_delivery_is_not_found() -> None:
    delivery = answered()

    assert deliveries.claim_result(delivery, at=timezone.now())
    assert found(delivery) == delivery
    deliveries.collected(delivery, at=timezone.now())

    with pytest.raises(NoSuchDelivery):
        found(delivery)


def test_an_answer_nobody_collects_is_kept_for_a_time(settings: Settings) -> None:
    settings.DELIVERY_KEEP_HOURS = 2

    young = answered(hours_ago=1.9)
    assert found(young) == young
    with pytest.raises(NoSuchDelivery):
        found(answered(hours_ago=2.1))


def test_a_delivery_that_waits_is_kept_for_as_long_as_it_does(
    settings: Settings,
) -> None:
    settings.DELIVERY_KEEP_HOURS = 0

    waiting = a_delivery(URL)
    assert found(waiting) == waiting


def test_an_unanswered_delivery_cannot_be_claimed_or_collected() -> None:
    delivery = a_delivery(URL)

    assert not deliveries.claim_result(delivery, at=timezone.now())
    deliveries.collected(delivery, at=timezone.now())

    assert fresh(delivery).collected_at is None


def test_of_many_who_ask_at_once_one_is_handed_the_answer() -> None:
    delivery = answered()

    def ask() -> bool:
        mine = Delivery.objects.get(pk=delivery.pk)
        return deliveries.claim_result(mine, at=timezone.now())

    assert sorted(at_once(8, ask)) == [False] * 7 + [True]


def test_an_answer_given_back_can_be_asked_for_at_once() -> None:
    delivery = answered()
    assert deliveries.claim_result(delivery, at=timezone.now())

    deliveries.give_back(delivery)

    assert deliveries.claim_result(fresh(delivery), at=timezone.now())


def test_an_answer_whose_reader_vanished_can_be_asked_for_later() -> None:
    delivery = answered()
    at = timezone.now()
    assert deliveries.claim_result(delivery, at=at)

    soon, later = at + timedelta(seconds=29), at + timedelta(seconds=31)

    assert not deliveries.claim_result(fresh(delivery), at=soon)
    assert deliveries.claim_result(fresh(delivery), at=later)


def test_a_late_reader_does_not_give_back_what_another_is_handed() -> None:
    delivery = answered()
    first, second = fresh(delivery), fresh(delivery)
    at = timezone.now()
    assert deliveries.claim_result(first, at=at)
    assert deliveries.claim_result(second, at=at + timedelta(seconds=31))

    deliveries.give_back(first)

    assert fresh(delivery).claimed_at == second.claimed_at


def test_a_collected_answer_is_not_given_back_or_claimed() -> None:
    delivery = answered()
    assert deliveries.claim_result(delivery, at=timezone.now())
    deliveries.collected(delivery, at=timezone.now())

    deliveries.give_back(delivery)

    later = timezone.now() + timedelta(hours=1)
    assert not deliveries.claim_result(fresh(delivery), at=later)


def test_prune_empties_what_nobody_may_ask_for() -> None:
    done, old = answered(), answered(hours_ago=25)
    kept, waiting = answered(hours_ago=23), a_delivery(URL)
    deliveries.collected(done, at=timezone.now())

    would = deliveries.prune(at=timezone.now(), dry_run=True)
    did = deliveries.prune(at=timezone.now(), dry_run=False)
    again = deliveries.prune(at=timezone.now(), dry_run=False)

    name = "payloads of deliveries"
    assert (would, did, again) == ({name: 2}, {name: 2}, {name: 0})
    texts = [(one.data, one.answer_body) for one in map(fresh, (done, old))]
    assert texts == [("", "")] * 2
    assert (fresh(kept).data, fresh(kept).answer_body) == ('{"n":1}', "thanks")
    assert fresh(waiting).data == '{"n":1}'


def test_a_row_goes_with_its_job() -> None:
    delivery, waiting = answered(), a_delivery(URL)
    long_ago = timezone.now() - timedelta(days=40)
    Job.objects.filter(pk=delivery.job_id).update(
        state=JobState.SUCCEEDED, due_at=None, finished_at=long_ago
    )

    tasks_prune._jobs(tasks_prune.Pruned(), timezone.now(), dry_run=False)

    assert list(Delivery.objects.all()) == [waiting]


def test_a_replay_is_a_new_delivery_of_the_same() -> None:
    first = answered()

    again = deliveries.replay(delivery=found(first), by="staff")

    assert again.pk != first.pk
    assert fresh(again).data == first.data
    assert fresh(again).destination == first.destination
    assert fresh(again).job.state == JobState.QUEUED
    (note,) = again.job.events.all()
    assert note.data == {"text": f"replay of {first.pk}", "by": "staff"}
    assert fresh(first).answer_body == "thanks"


def test_what_is_no_longer_kept_cannot_be_replayed() -> None:
    first = answered(hours_ago=25)
    deliveries.prune(at=timezone.now(), dry_run=False)

    with pytest.raises(NothingToReplay, match="no longer kept"):
        deliveries.replay(delivery=first, by="staff")

    assert Delivery.objects.count() == 1
