"""Several supervisors, publishers and staff at the same datasets at the same moment."""

from collections import Counter
from itertools import count
from typing import Any

import pytest

from registry import schedules, services
from registry.errors import StillRunning
from registry.models import Dataset, Revision
from registry.schedules import fire_due
from tests.support.schedules import HOUR, T0, numbers, scheduled
from tests.support.specstore import spec_of
from tests.support.threads import at_once

DUE_AT = T0 + HOUR

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("owners", [1, 7])
def test_each_due_dataset_is_fetched_exactly_once(owners: int) -> None:
    for number in range(20):
        scheduled(f"d{number}", owner=f"owner{number % owners}")

    rounds = at_once(8, lambda: fire_due(at=DUE_AT))

    made = [str(turn.revision) for turns in rounds for turn in turns]
    assert len(made) == len(set(made)) == 20
    assert set(numbers().values()) == {2}
    assert Revision.objects.filter(cause="schedule").count() == 20
    assert not Dataset.objects.due(at=DUE_AT).exists()


def test_a_dataset_that_cannot_be_fetched_is_passed_over_once() -> None:
    scheduled("stuck")
    Revision.objects.update(state="inprogress")

    rounds = at_once(8, lambda: fire_due(at=DUE_AT))

    assert sum(len(turns) for turns in rounds) == 1
    assert numbers() == {"me/stuck": 1}


def test_uploads_and_turns_of_one_owner_do_not_wait_for_each_other() -> None:
    for number in range(4):
        scheduled(f"d{number}")
    turn = count()

    def work() -> None:
        number = next(turn)
        if number % 2:
            fire_due(at=DUE_AT)
        else:
            spec = spec_of(dataset=f"d{number // 2}", schedule="every 1h")
            services.upload(contents=spec, max_datasets=None, at=DUE_AT)

    at_once(8, work)

    for dataset in Dataset.objects.all():
        found = sorted(dataset.revisions.values_list("number", flat=True))
        assert found == list(range(1, dataset.newest + 1))
    scheduled_ones = Revision.objects.filter(cause="schedule").values_list(
        "dataset", flat=True
    )
    assert max(Counter(scheduled_ones).values(), default=0) <= 1


def test_of_many_who_say_run_now_one_is_obeyed() -> None:
    dataset = scheduled()

    def work() -> Any:
        try:
            return schedules.run_now(dataset=dataset, at=T0)
        except StillRunning as error:
            return error

    answers = at_once(8, work)

    assert sum(isinstance(one, Revision) for one in answers) == 1
    assert numbers() == {"me/id": 2}


def test_a_pause_is_not_lost_among_turns_and_uploads() -> None:
    dataset = scheduled()
    turn = count()

    def work() -> None:
        match next(turn) % 3:
            case 0:
                schedules.pause(dataset=Dataset.objects.get(), at=DUE_AT)
            case 1:
                fire_due(at=DUE_AT)
            case _:
                spec = spec_of(schedule="every 1h")
                services.upload(contents=spec, max_datasets=None, at=DUE_AT)

    at_once(9, work)

    dataset.refresh_from_db()
    assert dataset.paused_at == DUE_AT
