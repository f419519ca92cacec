"""Who listens on PostgreSQL is told of a change when it is committed, and only then."""

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tasks import services
from tasks.engine import news
from tasks.engine.moves import change, move
from tasks.states import JobState
from tests.support.live import Live

pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize("backend", ["postgresql"], indirect=True),
]


def heard(listener: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    return [notify.payload for notify in listener.notifies(timeout=0.3)]


def test_a_change_is_told_at_its_commit(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    with psycopg.connect(live.url, autocommit=True) as listener:
        listener.execute("LISTEN entrepot_job")
        with transaction.atomic():
            change(job, done=1)
            before = heard(listener)
        after = heard(listener)

    assert (before, after) == ([], [f"{job.pk}:2"])


def test_a_change_that_is_rolled_back_is_not_told(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    with psycopg.connect(live.url, autocommit=True) as listener:
        listener.execute("LISTEN entrepot_job")
        with transaction.atomic():
            change(job, done=1)
            transaction.set_rollback(True)

        assert heard(listener) == []


def test_each_move_is_told_with_its_rev(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    with psycopg.connect(live.url, autocommit=True) as listener:
        listener.execute("LISTEN entrepot_job")
        move(job, JobState.INPROGRESS)
        services.cancel(job)

        assert heard(listener) == [f"{job.pk}:2", f"{job.pk}:3"]


def test_telling_costs_no_query_of_its_own(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    with CaptureQueriesContext(connection) as queries:
        change(job, done=1)

    assert len(queries) == 2


@pytest.mark.parametrize("payload", ["", "nonsense", ":", "7:7", f"{'0' * 32}:x"])
def test_what_is_no_change_is_read_as_none(live: Live, payload: str) -> None:
    assert news.read(payload) is None
