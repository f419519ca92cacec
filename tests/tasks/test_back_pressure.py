"""What is refused when there is too much: nothing is taken in and then dropped."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from tasks import services
from tasks.errors import Overloaded, Refused, TooManyJobs
from tasks.models import Client, Job, Lane
from tasks.states import JobState
from tests.support.jobs import a_client, a_job, a_job_in
from tests.support.rings import rings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_depth() -> None:
    services._depth.read_at = float("-inf")


@pytest.fixture
def alice() -> Client:
    return a_client()


def ask(client: Client, *, internal: bool = False) -> Job:
    return services.enqueue(
        "test.steps", client=client, params={}, lane="lane", internal=internal
    )


def test_a_client_may_have_so_many_open_jobs(alice: Client) -> None:
    alice.max_open_jobs = 2
    ask(alice)
    ask(alice)

    with pytest.raises(TooManyJobs) as caught:
        ask(alice)

    assert caught.value.retry_after_s >= 1
    assert Job.objects.count() == 2


def test_a_client_without_a_number_of_its_own_has_the_services(
    alice: Client, settings: Settings
) -> None:
    settings.MAX_OPEN_JOBS_PER_CLIENT = 1
    ask(alice)

    with pytest.raises(TooManyJobs):
        ask(alice)


def test_a_client_that_may_have_none_is_refused(alice: Client) -> None:
    alice.max_open_jobs = 0

    with pytest.raises(TooManyJobs):
        ask(alice)


def test_ended_jobs_and_those_of_others_do_not_count(alice: Client) -> None:
    alice.max_open_jobs = 1
    for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED):
        a_job_in(state)
    ask(a_client("bob"))

    ask(alice)


def test_the_service_holds_so_many_open_jobs(alice: Client, settings: Settings) -> None:
    settings.MAX_OPEN_JOBS = 2
    ask(alice)
    ask(a_client("bob"))
    services._depth.read_at = float("-inf")

    with pytest.raises(Overloaded):
        ask(a_client("charlie"))

    assert Job.objects.count() == 2


def test_nothing_is_taken_in_when_the_disk_is_nearly_full(
    alice: Client, settings: Settings
) -> None:
    settings.DISK_RESERVE_MB = 1 << 40

    with pytest.raises(Overloaded) as caught:
        ask(alice)

    assert caught.value.retry_after_s == 60


def test_a_folder_that_is_not_there_yet_has_the_room_of_its_disk(
    alice: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path / "not" / "yet"

    ask(alice)


def test_work_that_follows_from_other_work_is_never_refused(
    alice: Client, settings: Settings
) -> None:
    alice.max_open_jobs = 0
    settings.MAX_OPEN_JOBS = 0
    settings.DISK_RESERVE_MB = 1 << 40

    ask(alice, internal=True)


@pytest.mark.parametrize(
    ("jobs", "seconds_each", "retry_after_s"),
    [(1, 0.1, 1), (20, 10, 10), (40, 100_000, 600)],
)
def test_the_wait_follows_from_the_depth_and_the_recent_pace(
    alice: Client,
    settings: Settings,
    jobs: int,
    seconds_each: float,
    retry_after_s: int,
) -> None:
    settings.WORKERS = 2
    at = timezone.now()
    a_job_in(
        JobState.SUCCEEDED,
        started_at=at - timedelta(seconds=seconds_each),
        finished_at=at,
    )
    alice.max_open_jobs = jobs
    for _ in range(jobs):
        ask(alice)

    with pytest.raises(Refused) as caught:
        ask(alice)

    assert caught.value.retry_after_s == retry_after_s


def test_a_job_taken_in_rings_once_its_transaction_is_committed(
    alice: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    before = rings()

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        ask(alice)
        assert rings() == before

    assert rings() == before + 1


def test_a_lane_is_made_once() -> None:
    a_job(lane="shared")
    a_job(lane="shared")

    assert Lane.objects.filter(pk="shared").count() == 1
