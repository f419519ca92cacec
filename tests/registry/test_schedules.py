"""Datasets that are due are fetched again, once each (contract 3.1.4)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from registry import schedules, services
from registry.errors import StillRunning
from registry.models import Dataset, Pipeline, Revision
from registry.schedules import fire_due
from registry.states import RunState
from tasks.models import Client, Job
from tests.support.schedules import HOUR, T0, end, newest, numbers, scheduled
from tests.support.specstore import spec_of

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.django_db


def fresh(dataset: Dataset) -> Dataset:
    return Dataset.objects.get(pk=dataset.pk)


def change_spec(dataset: Dataset, **changes: Any) -> None:
    revision = newest(dataset)
    revision.spec |= changes
    revision.save()


def test_what_is_due_gets_a_new_revision_of_its_newest_spec() -> None:
    dataset = scheduled()

    (turn,) = fire_due(at=T0 + HOUR)

    made = newest(dataset)
    assert turn.revision == made
    assert (made.number, made.cause, made.state) == (2, "schedule", "queued")
    assert made.created_at == T0 + HOUR
    assert made.spec["meta"]["update_time"] == "2026-11-21T04:00:00"
    assert made.spec["meta"]["create_time"] == "2026-11-21T03:00:00"
    assert made.pipelines.count() == 3
    assert Job.objects.filter(pipeline__revision=made).exists()


def test_what_is_not_due_is_left_alone() -> None:
    scheduled()
    services.upload(contents=spec_of(dataset="b"), max_datasets=None, at=T0)

    assert fire_due(at=T0 + HOUR - SECOND) == []
    assert numbers() == {"me/id": 1, "me/b": 1}


def test_a_dataset_is_fetched_once_for_each_turn() -> None:
    dataset = scheduled()

    fire_due(at=T0 + HOUR)
    end(newest(dataset))

    assert fire_due(at=T0 + HOUR) == []
    assert fire_due(at=T0 + HOUR + SECOND) == []
    assert len(fire_due(at=T0 + 2 * HOUR)) == 1


def test_missed_turns_collapse_into_one_and_the_next_keeps_to_the_grid() -> None:
    dataset = scheduled()

    turns = fire_due(at=T0 + 30 * HOUR + 10 * SECOND)

    assert [turn.revision for turn in turns] == [newest(dataset)]
    assert newest(dataset).number == 2
    assert fresh(dataset).scheduled_for == T0 + 31 * HOUR


def test_neither_token_nor_quota_is_asked_for() -> None:
    for number in range(3):
        scheduled(f"d{number}")

    assert len(fire_due(at=T0 + HOUR)) == 3


def test_a_schedule_that_a_new_spec_has_dropped_fires_no_more() -> None:
    dataset = scheduled()
    end(services.upload(contents=spec_of(), max_datasets=None, at=T0))

    assert fire_due(at=T0 + 9 * HOUR) == []
    assert fresh(dataset).scheduled_for is None


def test_a_failed_revision_is_tried_again_at_its_next_turn() -> None:
    dataset = scheduled()
    end(newest(dataset), RunState.FAILED)

    assert len(fire_due(at=T0 + HOUR)) == 1


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.INPROGRESS])
def test_a_dataset_that_is_still_running_loses_its_turn(
    state: RunState, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = scheduled()
    end(newest(dataset), state)

    (turn,) = fire_due(at=T0 + HOUR)

    assert turn.missed == "me/id/1 is still running."
    assert fresh(dataset).scheduled_for == T0 + 2 * HOUR
    assert fresh(dataset).turn_missed == turn.missed
    assert "due dataset is not fetched until its next turn" in caplog.text
    assert numbers() == {"me/id": 1}


def test_why_a_turn_was_missed_is_forgotten_when_the_next_is_taken() -> None:
    dataset = scheduled()
    end(newest(dataset), RunState.QUEUED)
    fire_due(at=T0 + HOUR)
    end(newest(dataset))

    fire_due(at=T0 + 2 * HOUR)

    assert fresh(dataset).turn_missed == ""


def test_a_spec_that_is_no_longer_good_does_not_stop_the_others() -> None:
    bad, _good = scheduled("bad"), scheduled("good")
    change_spec(bad, inputs=[])

    turns = fire_due(at=T0 + HOUR)

    assert numbers() == {"me/bad": 1, "me/good": 2}
    assert "Only supporting one input atm" in turns[0].missed
    assert fresh(bad).scheduled_for == T0 + 2 * HOUR
    assert fire_due(at=T0 + HOUR + SECOND) == []


def test_a_spec_that_is_no_longer_good_is_an_incident(settings: Settings) -> None:
    settings.INCIDENT_URL = "http://status.example/incidents"
    change_spec(scheduled(), inputs=[])

    fire_due(at=T0 + HOUR)

    job = Job.objects.get(kind="registry.incident")
    assert job.params["name"] == "Failed To Start Pipelines for me/id"


def test_an_owner_that_was_revoked_is_not_fetched_for() -> None:
    dataset = scheduled()
    Client.objects.update(revoked_at=timezone.now())

    (turn,) = fire_due(at=T0 + HOUR)

    assert "was revoked" in turn.missed
    assert fresh(dataset).scheduled_for == T0 + 2 * HOUR


def test_a_dataset_whose_revisions_are_gone_is_passed_over() -> None:
    dataset = scheduled()
    Revision.objects.all().delete()

    (turn,) = fire_due(at=T0 + HOUR)

    assert turn.missed == "me/id has no revision to go by."
    assert fresh(dataset).scheduled_for == T0 + 2 * HOUR


def test_a_turn_that_is_refused_waits_and_the_next_ones_keep_their_time() -> None:
    dataset = scheduled()
    Client.objects.update(max_open_jobs=0)

    (turn,) = fire_due(at=T0 + HOUR)
    assert "as many as it may have" in turn.missed
    assert fire_due(at=T0 + HOUR + 9 * SECOND) == []
    Client.objects.update(max_open_jobs=None)
    (taken,) = fire_due(at=T0 + HOUR + 600 * SECOND)

    assert taken.revision == newest(dataset)
    assert fresh(dataset).scheduled_for == T0 + 2 * HOUR
    assert fresh(dataset).postponed_until is None
    assert fresh(dataset).turn_missed == ""


def test_a_fault_of_ours_in_one_dataset_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = scheduled("bad"), scheduled("good", at=T0 + SECOND)
    Pipeline.objects.create(
        revision=newest(good), pipeline_id="me/bad/2", position=99, kind="package"
    )

    turns = fire_due(at=T0 + 1.5 * HOUR)

    assert [turn.missed for turn in turns] == ["Internal error, see the log.", ""]
    assert numbers() == {"me/bad": 1, "me/good": 2}
    assert "due dataset cannot be fetched" in caplog.text
    assert fresh(bad).postponed_until == T0 + 1.5 * HOUR + timedelta(minutes=5)
    assert fire_due(at=T0 + 1.5 * HOUR + SECOND) == []


def test_one_round_takes_a_bounded_number_the_longest_due_first() -> None:
    for number in range(schedules.BATCH + 2):
        scheduled(f"d{number}", at=T0 - number * SECOND)

    first, second = fire_due(at=T0 + HOUR), fire_due(at=T0 + HOUR)

    assert (len(first), len(second)) == (schedules.BATCH, 2)
    assert {str(turn.dataset) for turn in second} == {"me/d0", "me/d1"}


def test_nothing_due_costs_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    scheduled()

    with django_assert_num_queries(1):
        fire_due(at=T0)


@transaction.atomic
def test_what_is_due_is_found_by_its_index() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A table of a few rows is otherwise read whole.
            cursor.execute("SET LOCAL enable_seqscan = off")

    assert "dataset_due" in Dataset.objects.due(at=T0).explain()


def test_a_paused_dataset_has_no_turns() -> None:
    dataset = schedules.pause(dataset=scheduled(), at=T0)

    assert fire_due(at=T0 + 9 * HOUR) == []
    assert dataset.paused_at == T0


def test_pausing_twice_keeps_when_it_began() -> None:
    dataset = schedules.pause(dataset=scheduled(), at=T0)

    assert schedules.pause(dataset=dataset, at=T0 + HOUR).paused_at == T0


def test_after_a_pause_the_next_turn_on_the_grid_is_taken() -> None:
    dataset = schedules.pause(dataset=scheduled(), at=T0)

    schedules.resume(dataset=dataset, at=T0 + 9.5 * HOUR)

    assert dataset.paused_at is None
    assert fire_due(at=T0 + 9.5 * HOUR) == []
    assert len(fire_due(at=T0 + 10 * HOUR)) == 1


def test_resuming_what_is_not_paused_changes_nothing() -> None:
    dataset = scheduled()

    schedules.resume(dataset=dataset, at=T0 + 9 * HOUR)

    assert dataset.scheduled_for == T0 + HOUR


def test_run_now_makes_a_revision_at_once_and_leaves_the_schedule() -> None:
    dataset = scheduled()

    made = schedules.run_now(dataset=dataset, at=T0 + SECOND)

    assert (made.flow_id, made.cause) == ("me/id/2", "staff")
    assert fresh(dataset).scheduled_for == T0 + HOUR


def test_run_now_takes_the_turn_of_a_dataset_that_is_due() -> None:
    dataset = scheduled()

    schedules.run_now(dataset=dataset, at=T0 + HOUR + SECOND)

    assert fire_due(at=T0 + HOUR + SECOND) == []


def test_run_now_also_runs_what_is_paused_and_leaves_it_so() -> None:
    dataset = schedules.pause(dataset=scheduled(), at=T0)

    schedules.run_now(dataset=dataset, at=T0)

    assert fresh(dataset).paused_at == T0


def test_run_now_does_not_start_twice_what_is_running() -> None:
    dataset = scheduled()
    schedules.run_now(dataset=dataset, at=T0)

    with pytest.raises(StillRunning, match="me/id/2 is still running"):
        schedules.run_now(dataset=dataset, at=T0)

    assert numbers() == {"me/id": 2}
