"""The database fails while a step is saved: the step is done again, once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from tasks.engine.run import Run
from tasks.states import JobState
from tests.support.effects import effects, once_each
from tests.support.jobs import FOREVER, a_job, claimed, fresh, make_due, run_slice

pytestmark = pytest.mark.django_db
NOW = 0.0
STATEMENTS = (
    'UPDATE "tasks_job"',
    'INSERT INTO "tasks_artifact"',
    'INSERT INTO "tasks_jobevent"',
)


class Fault:
    """A database that does not answer one statement, the first of its kind."""

    def __init__(self, start: str) -> None:
        self.start = start
        self.happened = False

    def __call__(
        self,
        execute: Callable[..., Any],
        statement: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if not self.happened and statement.startswith(self.start):
            self.happened = True
            raise OperationalError("database is locked")
        return execute(statement, params, many, context)


@pytest.mark.parametrize("done", [0, 1, 2])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_step_that_could_not_be_saved_is_done_again(
    statement: str, done: int
) -> None:
    job = a_job("test.whole", params={"steps": 2})
    run = Run(claimed(job))
    for _ in range(done):
        run.advance(until=NOW)

    with connection.execute_wrapper(Fault(statement)):
        run.advance(until=FOREVER)
    run.end()

    assert fresh(job).state == JobState.QUEUED
    job = run_slice(make_due(job))
    assert job.state == JobState.SUCCEEDED
    assert effects(job) == once_each(2, "told-succeeded")
