"""Sixteen requests of one caller at the same moment."""

from itertools import count

import pytest
from django.test import Client

from exports.models import ExportTask, SavedConfiguration, SavedInput
from tasks.models import Client as Caller
from tasks.models import Job, Lane
from tests.support.fetchtozip import Answer, a_key, ask, configured, started
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_input_sixteen_times_is_one_row() -> None:
    numbers = count()

    def post() -> Answer:
        return ask(
            Client(), "POST", "inputs", {"name": "revenue", "column": next(numbers)}
        )

    replies = at_once(16, post)

    assert {reply.status for reply in replies} == {200}
    assert SavedInput.objects.count() == 1
    assert Caller.objects.count() == 1


def test_lists_that_overlap_are_counted_right() -> None:
    body = [{"name": f"c{number}", "column": number} for number in range(10)]

    replies = at_once(16, lambda: ask(Client(), "POST", "bulk-inputs", body))

    told = [reply.json for reply in replies]
    assert sum(one["added_count"] for one in told) == 10
    assert sum(one["updated_count"] for one in told) == 150
    assert SavedInput.objects.count() == 10


def test_sixteen_configurations_leave_one_whole_one() -> None:
    numbers = count(1)

    def post() -> Answer:
        number = next(numbers)
        body = {"file_type": "csv", "limit": number, "headers": {"X-N": str(number)}}
        return ask(Client(), "POST", "configure", body)

    replies = at_once(16, post)

    assert {reply.status for reply in replies} == {200}
    assert SavedConfiguration.objects.count() == 1


def test_sixteen_starts_are_sixteen_tasks() -> None:
    configured(Client())

    replies = at_once(16, lambda: ask(Client(), "POST", "start"))

    assert {reply.status for reply in replies} == {200}
    ids = {reply.json["task_id"] for reply in replies}
    assert len(ids) == ExportTask.objects.count() == Job.objects.count() == 16
    assert Lane.objects.filter(key__startswith="export:").count() == 1


def test_no_more_tasks_start_than_a_caller_may_have_open() -> None:
    caller, key = a_key()
    caller.max_open_jobs = 5
    caller.save()
    configured(Client(), key)

    replies = at_once(16, lambda: ask(Client(), "POST", "start", key=key))

    statuses = sorted(reply.status for reply in replies)
    assert statuses == [200] * 5 + [429] * 11
    assert ExportTask.objects.count() == Job.objects.count() == 5


def test_a_start_takes_all_of_a_list_or_nothing_of_it() -> None:
    configured(Client())
    body = [{"name": f"c{number}", "column": number} for number in range(500)]
    numbers = count()

    def act() -> Answer:
        if next(numbers) % 2:
            return ask(Client(), "POST", "start")
        ask(Client(), "POST", "bulk-inputs", body)
        return ask(Client(), "DELETE", "inputs-clear")

    replies = at_once(8, act)

    assert {reply.status for reply in replies} <= {200, 400}
    sizes = {len(task.request["inputs"]) for task in ExportTask.objects.all()}
    assert sizes <= {1, 500, 501}


def test_sixteen_cancels_end_a_task_once() -> None:
    task_id = started(Client())

    replies = at_once(16, lambda: ask(Client(), "DELETE", f"cancel/{task_id}"))

    statuses = [reply.status for reply in replies]
    assert set(statuses) <= {200, 400}
    assert 200 in statuses
    moved = Job.objects.get().events.filter(kind="moved", data__to="cancelled")
    assert moved.count() == 1
