"""One claimed job being run: what is committed, and what becomes of its errors."""

from pathlib import Path
from time import monotonic

import pytest
from pytest_django import Settings

from tasks.engine.lease import Heart
from tasks.engine.moves import EventKind
from tasks.engine.run import Run
from tasks.models import Job
from tasks.states import JobState
from tests.support.effects import effects, once_each
from tests.support.followers import HERE
from tests.support.jobs import FOREVER, a_job, claimed, fresh, lose, make_due, run_slice

pytestmark = pytest.mark.django_db
NOW = 0.0


def notes(job: Job) -> list[str]:
    lines = job.events.filter(kind=EventKind.NOTE).order_by("id")
    return [line.data["text"] for line in lines]


def test_a_job_runs_to_its_end() -> None:
    job = run_slice(a_job(params={"steps": 3}))

    assert (job.state, job.done, job.total, job.percent) == ("succeeded", 3, 3, 100)
    assert effects(job) == once_each(3)


def test_a_slice_ends_after_the_step_that_fills_it() -> None:
    run = Run(claimed(a_job(params={"steps": 3})))

    assert run.advance(until=NOW) is False

    assert fresh(run.job).cursor == 1
    assert effects(run.job) == {"step-0": 1}


def test_a_resumed_job_goes_on_from_its_cursor() -> None:
    run = Run(claimed(a_job(params={"steps": 3})))
    run.advance(until=NOW)
    run.park()
    run.end()

    job = run_slice()

    assert effects(job) == once_each(3)
    kinds = job.events.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["claimed", "parked", "claimed", "moved"]


def test_progress_forgives_the_workers_lost_before() -> None:
    job = a_job(params={"steps": 9}, max_attempts=2)
    for _ in range(4):
        run = Run(claimed(job))
        run.advance(until=NOW)
        run.end()
        lose(run.job)

    job = run_slice(job)

    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)
    assert effects(job) == once_each(9)


def test_lost_workers_without_progress_are_not_forgiven() -> None:
    job = a_job("test.restarts", params={"steps": 9})
    for _ in range(2):
        run = Run(claimed(job))
        run.advance(until=monotonic())
        run.end()
        lose(run.job)

    assert claimed(job).attempt == 3


def test_a_result_is_public_only_if_the_job_succeeds(settings: Settings) -> None:
    settings.JOB_FOLLOWERS = {"test.steps": f"{HERE}.fail_on_success"}

    job = run_slice(a_job(params={"steps": 1}))

    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")
    assert job.error == "Internal error (LookupError)."
    assert effects(job) == {"step-0": 1}


def test_a_race_lost_by_a_follower_is_a_temporary_error(settings: Settings) -> None:
    settings.JOB_FOLLOWERS = {"test.steps": f"{HERE}.move_another"}
    job = run_slice(a_job(params={"steps": 1}))
    assert (job.state, job.retries) == (JobState.QUEUED, 1)

    job = run_slice(make_due(job))

    assert job.state == JobState.SUCCEEDED
    assert effects(job) == once_each(1)


def test_a_follower_that_always_fails_leaves_the_job_as_it_was(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JOB_FOLLOWERS = {"test.steps": f"{HERE}.fail_at_end"}

    job = run_slice(a_job(params={"steps": 1}))

    assert job.state == JobState.INPROGRESS
    assert "job cannot move" in caplog.text


def test_an_effect_that_fails_takes_its_step_back() -> None:
    job = run_slice(a_job("test.talks", params={"texts": [], "ending": "apply fails"}))

    assert (job.state, job.cursor) == (JobState.FAILED, None)
    assert notes(job) == ["last words"]


def test_a_result_that_fails_fails_the_job() -> None:
    params = {"texts": ["one"], "ending": "publish fails"}

    job = run_slice(a_job("test.talks", params=params))

    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")


@pytest.mark.parametrize(
    ("ending", "told"),
    [("", ["one", "two"]), ("raise", ["one", "two", "last words"])],
)
def test_notes_are_written_in_order_and_once(ending: str, told: list[str]) -> None:
    params = {"texts": ["one", "two"], "ending": ending}

    job = run_slice(a_job("test.talks", params=params))

    assert notes(job) == told
    assert job.events.filter(kind=EventKind.NOTE).first().data == {  # type: ignore[union-attr] # there is one
        "text": "one",
        "kind": "a handler's word",
        "job": 0,
    }


def test_notes_that_no_database_can_store_are_mended() -> None:
    job = run_slice(a_job("test.talks", params={"texts": ["bad", "worse"]}))
    run = Run(claimed(a_job("test.talks", params={"texts": ["x"]})))
    run.note("NUL \0", at=Path("a/b"), ratio=float("nan"))
    run.advance(until=FOREVER)
    run.end()

    assert job.state == JobState.SUCCEEDED
    assert notes(run.job) == ["NUL \ufffd", "x"]


def test_an_unknown_kind_of_job_fails() -> None:
    job = run_slice(a_job("test.unheard-of"))

    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")


def test_a_handler_that_fails_to_clean_up_fails_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = run_slice(a_job("test.messy"))

    assert job.state == JobState.FAILED
    assert "handler did not close" in caplog.text


def test_our_own_faults_are_logged_with_their_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_slice(a_job("test.talks", params={"texts": [], "ending": "raise"}))

    assert "Traceback" in caplog.text
    assert "no good" in caplog.text


def test_a_clients_error_is_logged_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    run_slice(a_job("test.flaky", params={"failures": 1, "temporary": False}))

    assert "job raised" in caplog.text
    assert "Traceback" not in caplog.text


def test_the_scratch_folder_goes_when_the_claim_ends(engine: Path) -> None:
    run = Run(claimed(a_job("test.whole", params={"steps": 3})))
    run.advance(until=NOW)
    assert [path.name for path in engine.rglob("draft-*")] == ["draft-0"]

    run.advance(until=FOREVER)
    run.end()

    assert list(engine.iterdir()) == []


def test_an_ended_run_has_no_lease(heart: Heart) -> None:
    run = Run(claimed(a_job()))
    assert heart._leases == [run.lease]

    run.end()

    assert heart._leases == []
