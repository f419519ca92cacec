"""GET /jobs/{id}/events as a stream: each event once, whatever breaks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from tasks import services
from tasks.models import Job
from tests.support.backends import why_not
from tests.support.jobs import put
from tests.support.jobs_service import get, jobs_service, stream
from tests.support.jobsapi import a_job_of_nobody, a_key, say, sent_in
from tests.support.waiting import a_job
from tests.support.web import Web

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("events")
    with (
        django_db_blocker.unblock(),
        jobs_service(request.param, folder, MAX_WAITS_PER_CLIENT="3") as running,
    ):
        yield running


@pytest.fixture
def key(service: Web) -> str:
    return a_key()[1]


def ids_of(job: Job) -> list[int]:
    return list(job.events.order_by("pk").values_list("pk", flat=True))


def test_a_job_is_told_from_its_claim_to_its_end(service: Web, key: str) -> None:
    job = a_job(steps=2, pause_s=0.1)

    reply = stream(service, f"/jobs/{job.pk}/events", key)
    parts = [one for one in sent_in(reply) if not one.comment]

    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "text/event-stream"
    assert reply.headers["Cache-Control"] == "no-store"
    assert [one.id for one in parts] == ids_of(job)
    assert [one.event for one in parts] == ["claimed", "moved"]
    last = parts[-1]
    assert last.data["data"] == {"from": "inprogress", "to": "succeeded"}
    assert last.data["id"] == last.id
    page = get(service, f"/jobs/{job.pk}/events", key).json()
    assert [one.data for one in parts] == page["events"]


def test_a_stream_that_breaks_again_and_again_misses_and_repeats_nothing(
    service: Web, key: str
) -> None:
    job = a_job_of_nobody()
    random = Random(7)

    def writes(name: str) -> None:
        try:
            for number in range(60):
                say(job, f"{name}{number}")
        finally:
            connections.close_all()

    seen: list[int] = []
    ended = False
    with ThreadPoolExecutor(3) as writers:
        writing = [writers.submit(writes, name) for name in "abc"]

        def end() -> None:
            for one in writing:
                one.result()
            services.cancel(Job.objects.get(pk=job.pk))
            connections.close_all()

        with ThreadPoolExecutor(1) as aside:
            ending = aside.submit(end)
            while not ended:
                last = str(seen[-1]) if seen else "0"
                path = f"/jobs/{job.pk}/events"
                with stream(service, path, key, Last_Event_ID=last) as reply:
                    assert reply.status_code == 200
                    for _, one in zip(
                        range(random.randint(1, 20)), sent_in(reply), strict=False
                    ):
                        assert one.id is not None
                        seen.append(one.id)
                        ended = one.event == "moved"
            ending.result()

    assert seen == ids_of(job)
    assert len(seen) == 181


def test_a_long_log_is_sent_whole(service: Web, key: str) -> None:
    job = a_job_of_nobody()
    for number in range(250):
        say(job, str(number))
    services.cancel(Job.objects.get(pk=job.pk))

    reply = stream(service, f"/jobs/{job.pk}/events", key)

    assert [one.id for one in sent_in(reply)] == ids_of(job)


def test_whoever_has_seen_the_end_is_told_to_ask_no_more(
    service: Web, key: str
) -> None:
    job = services.cancel(a_job_of_nobody())

    last = str(ids_of(job)[-1])
    reply = stream(service, f"/jobs/{job.pk}/events", key, Last_Event_ID=last)

    assert (reply.status_code, reply.content) == (204, b"")


def test_after_a_retry_the_stream_goes_on(service: Web, key: str) -> None:
    job = services.cancel(a_job_of_nobody())
    last = ids_of(job)[-1]
    services.retry(job)
    put(job, due_at=job.queued_at.replace(year=2099))
    services.cancel(job)

    reply = stream(service, f"/jobs/{job.pk}/events?after={last}", key)

    assert [one.data["data"]["to"] for one in sent_in(reply)] == ["queued", "cancelled"]


def test_a_client_with_too_many_streams_is_a_problem(service: Web) -> None:
    _, key = a_key("carol")
    path = f"/jobs/{a_job_of_nobody(name='carol').pk}/events"

    held = [stream(service, path, key) for _ in range(3)]
    refused = stream(service, path, key)
    for one in held:
        one.close()

    assert [one.status_code for one in held] == [200] * 3
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "5"
    assert refused.json()["title"] == "Too Many Requests"


def test_streams_that_were_left_are_forgotten(service: Web) -> None:
    _, key = a_key("dave")
    path = f"/jobs/{a_job_of_nobody(name='dave').pk}/events"

    for _ in range(10):
        statuses = set()
        with stream(service, path, key) as reply:
            statuses.add(reply.status_code)
        with stream(service, path, key) as reply:
            statuses.add(reply.status_code)
        assert statuses <= {200, 429}
    replies = [stream(service, path, key) for _ in range(2)]

    assert 200 in {one.status_code for one in replies}
    for one in replies:
        one.close()


@pytest.mark.parametrize("query", ["after=x", "limit=5"])
def test_a_parameter_that_cannot_be_is_a_problem(
    service: Web, key: str, query: str
) -> None:
    reply = stream(service, f"/jobs/{a_job_of_nobody().pk}/events?{query}", key)

    assert reply.status_code == 400
    assert reply.json()["parameter"] == query.partition("=")[0]
