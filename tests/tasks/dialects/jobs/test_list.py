"""GET /jobs: a client's jobs, newest first, filtered and in pages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.lookup import Place, Wanted, list_jobs
from tasks.models import Client, Job, Lane
from tasks.states import JobState
from tests.support.jobs import a_client, a_job
from tests.support.jobsapi import Answer, a_key, ask

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def key() -> str:
    return a_key()[1]


def listed(key: str, **query: object) -> Answer:
    return ask("GET", f"/jobs?{urlencode(query)}", key)


def ids(reply: Answer) -> list[str]:
    assert reply.status == 200, reply.body
    return [one["id"] for one in reply.json["jobs"]]


def jobs_at(*minutes: int, client: Client | None = None, **fields: Any) -> list[str]:
    """Save a job for each of these minutes; return their ids."""
    Lane.objects.get_or_create(key="lane")
    made = Job.objects.bulk_create(
        Job(
            client=client or a_client(),
            lane_id="lane",
            queued_at=START + timedelta(minutes=minute),
            **{"kind": "test.steps", **fields},
        )
        for minute in minutes
    )
    return [str(job.pk) for job in made]


def test_a_list_has_the_whole_object_but_for_why_it_waits(key: str) -> None:
    job = a_job()

    reply = listed(key)

    whole = ask("GET", f"/jobs/{job.pk}", key).json
    del whole["waiting"]
    assert reply.json == {"jobs": [whole], "next": None}


def test_no_jobs_are_an_empty_list(key: str) -> None:
    assert listed(key).body == b'{"jobs":[],"next":null}'


def test_the_newest_come_first_and_only_ones_own(key: str) -> None:
    mine = jobs_at(1, 3, 2)
    jobs_at(4, client=a_client("bob"))

    assert ids(listed(key)) == [mine[1], mine[2], mine[0]]


def test_pages_have_each_job_once_though_many_are_of_one_moment(key: str) -> None:
    made = jobs_at(*[1] * 5, *[2] * 5, *[3] * 5)
    seen: list[str] = []
    after: dict[str, str] = {}

    while True:
        reply = listed(key, limit=4, **after)
        seen += ids(reply)
        if reply.json["next"] is None:
            break
        jobs_at(9)  # what comes later does not move the pages
        after = {"after": reply.json["next"]}

    assert len(seen) == 15
    assert set(seen) == set(made)
    assert [seen[at : at + 5] for at in (0, 5, 10)] == [
        sorted(made[at : at + 5], key=lambda one: UUID(one).hex, reverse=True)
        for at in (10, 5, 0)
    ]


def test_a_full_last_page_has_no_next(key: str) -> None:
    jobs_at(1, 2)

    assert listed(key, limit=2).json["next"] is None


def test_states_and_kind_are_filters(key: str) -> None:
    (queued,) = jobs_at(1)
    (failed,) = jobs_at(2, state=JobState.FAILED, due_at=None)
    (other,) = jobs_at(3, kind="exports.export", state=JobState.FAILED, due_at=None)

    assert ids(listed(key, state="failed")) == [other, failed]
    assert ids(listed(key, state="failed,queued")) == [other, failed, queued]
    assert ids(listed(key, state="failed", kind="test.steps")) == [failed]
    assert ids(listed(key, kind="no.such")) == []


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"since": "2026-11-01T00:02:00Z"}, [3, 2]),
        ({"until": "2026-11-01T00:02:00Z"}, [1]),
        ({"since": "2026-11-01T00:02", "until": "2026-11-01T00:03:00+00:00"}, [2]),
        ({"since": "2026-11-01T02:02:00+02:00"}, [3, 2]),
        ({"until": "2026-11-01"}, []),
    ],
)
def test_since_is_included_and_until_is_not(
    key: str, query: dict[str, str], wanted: list[int]
) -> None:
    made = jobs_at(1, 2, 3)

    assert ids(listed(key, **query)) == [made[number - 1] for number in wanted]


@pytest.mark.parametrize(
    ("query", "name", "detail"),
    [
        ("limit=0", "limit", "limit should be a number from 1 to 200."),
        ("limit=201", "limit", "limit should be a number from 1 to 200."),
        ("limit=ten", "limit", "limit should be a number from 1 to 200."),
        (
            "state=done",
            "state",
            (
                "state should be of: queued, inprogress, succeeded, failed, cancelled; "
                "several with commas."
            ),
        ),
        (
            "kind=a%00b",
            "kind",
            "kind should be a kind of job, such as exports.export.",
        ),
        (
            "since=2026-11-01T00:00:00+01:00",
            "since",
            "since should be a time such as 2026-11-21T08:00:00Z (a + is sent as %2B).",
        ),
        ("after=x", "after", "after should be the `next` of a page of this list."),
        ("limit=1&limit=2", "limit", "limit should be given once."),
        (
            "status=failed",
            "status",
            (
                "status is no parameter here; there are: state, kind, since, until, "
                "limit, after."
            ),
        ),
    ],
)
def test_a_parameter_that_cannot_be_is_named(
    key: str, query: str, name: str, detail: str
) -> None:
    reply = ask("GET", f"/jobs?{query}", key)

    assert reply.status == 400
    assert reply.problem == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
        "instance": "/jobs",
        "parameter": name,
    }


def test_too_many_fields_are_a_problem(key: str) -> None:
    query = "&".join(f"f{number}=1" for number in range(1001))

    reply = ask("GET", f"/jobs?{query}", key)

    assert reply.status == 400
    assert reply.problem["detail"] == "query has too many fields."


def test_a_page_costs_the_same_however_long_it_is(key: str) -> None:
    jobs_at(*range(200))
    listed(key)  # notes that the key was used

    with CaptureQueriesContext(connection) as queries:
        assert len(ids(listed(key, limit=200))) == 200

    assert len(queries) == 2  # the key and the page


def test_a_page_of_a_hundred_thousand_is_found_by_an_index(key: str) -> None:
    client = a_client()
    copy_many(*jobs_at(0, state=JobState.SUCCEEDED, due_at=None))
    assert Job.objects.count() == 100_000
    after = Place(START + timedelta(minutes=50_000), UUID(int=0))

    with CaptureQueriesContext(connection) as queries:
        page = list_jobs(client=client, wanted=Wanted(), after=after, limit=50)

    assert [job.queued_at for job in page.rows[:2]] == [
        START + timedelta(minutes=49_999),
        START + timedelta(minutes=49_998),
    ]
    plan = explained(queries.captured_queries[0]["sql"])
    assert "job_client" in plan, plan
    assert "SCAN tasks_job" not in plan, plan
    assert "Seq Scan" not in plan, plan


def copy_many(job_id: str) -> None:
    """Make a hundred thousand of a job, each queued a minute after the one before."""
    postgresql = connection.vendor == "postgresql"
    changed = {
        "id": "gen_random_uuid()" if postgresql else "lower(hex(randomblob(16)))",
        "queued_at": "queued_at + i * interval '1 minute'"
        if postgresql
        else "datetime(queued_at, i || ' minutes')",
    }
    columns = [str(field.column) for field in Job._meta.concrete_fields]
    values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO tasks_job ({names})
            WITH RECURSIVE n(i) AS (
                SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999
            )
            SELECT {values} FROM tasks_job, n WHERE id = %s
            """,
            [job_id if postgresql else UUID(job_id).hex],
        )
        cursor.execute("ANALYZE tasks_job")


def explained(sql: str) -> str:
    how = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
