"""Slots of a host: one after the other, whoever asks."""

from datetime import timedelta

import pytest

from tasks import pace
from tasks.engine import clock
from tasks.models import Pace
from tests.support.threads import at_once

HOST = "example.org:443"
SLACK_S = 0.2  # what the calls themselves may take


@pytest.mark.django_db
def test_slots_are_as_far_apart_as_the_pace_says() -> None:
    waits = [pace.reserve(HOST, per_second=2) for _ in range(5)]

    assert waits[0] == 0
    for place, wait_s in enumerate(waits):
        assert 0.5 * place - SLACK_S <= wait_s <= 0.5 * place


@pytest.mark.django_db
def test_each_host_has_slots_of_its_own() -> None:
    pace.reserve(HOST, per_second=1)

    assert pace.reserve("example.org:80", per_second=1) == 0


@pytest.mark.django_db
def test_a_host_that_was_left_alone_is_free_at_once() -> None:
    Pace.objects.create(host=HOST, last_at=clock.now() - timedelta(seconds=2))

    assert pace.reserve(HOST, per_second=1) == 0


@pytest.mark.django_db
def test_a_wait_that_was_asked_for_counts_for_everyone() -> None:
    assert pace.reserve(HOST, per_second=10, after_s=3) == 3

    assert pace.reserve(HOST, per_second=10) == pytest.approx(3.1, abs=SLACK_S)


@pytest.mark.django_db
def test_the_slower_of_two_is_as_far_from_the_other_s_request_as_from_its_own() -> None:
    pace.reserve(HOST, per_second=100)

    assert pace.reserve(HOST, per_second=1) == pytest.approx(1, abs=SLACK_S)


@pytest.mark.django_db
def test_a_clock_that_was_set_back_does_not_stop_the_host() -> None:
    Pace.objects.create(host=HOST, last_at=clock.now() + timedelta(days=1))

    assert pace.reserve(HOST, per_second=1) == 0


@pytest.mark.django_db
def test_hosts_that_nobody_asks_for_are_forgotten() -> None:
    at = clock.now()
    Pace.objects.create(host="old", last_at=at - timedelta(hours=2))
    Pace.objects.create(host="new", last_at=at)

    assert pace.forget(at=at) == 1
    assert Pace.objects.get().host == "new"


@pytest.mark.django_db(transaction=True)
def test_no_two_of_many_workers_get_the_same_slot() -> None:
    began = clock.now()

    def work() -> list[float]:
        taken = []
        for _ in range(5):
            wait_s = pace.reserve(HOST, per_second=20)
            taken.append((clock.now() - began).total_seconds() + wait_s)
        return taken

    slots = sorted(slot for slots in at_once(4, work) for slot in slots)

    assert len(slots) == 20
    # The last of 20 slots is 19 gaps after the first, whatever came in between.
    assert slots[-1] - slots[0] >= 19 / 20 - SLACK_S
    newest = Pace.objects.get().last_at
    assert newest >= began + timedelta(seconds=19 / 20)
