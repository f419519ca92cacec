"""Processing: the phases after the downloads, and how a task ends."""

from datetime import timedelta

import pytest

from tasks import services as jobs
from tasks.archive import stored
from tasks.collecting import services, sweep
from tasks.collecting.errors import TaskClosed
from tasks.engine import clock
from tasks.models import Artifact, Phase, Task
from tests.support.collecting import (
    a_task,
    announce,
    collected,
    fresh,
    start_idle,
)
from tests.support.sources import Sources
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)


def start(task: Task) -> Task:
    return services.start(client=task.client, task_id=task.pk)


def test_the_last_batch_leads_to_a_result(sources: Sources) -> None:
    task = a_task(processor="archive")
    announce(task, sources.put("/a.txt", b"a"), last=True)

    task = collected(task)

    assert (task.phase, task.result_type, task.message) == ("COMPLETED", "STREAM", "")
    assert task.result is not None
    assert stored.store().check(task.result.digest)
    assert task.completed_at is not None
    assert task.expires_at == task.completed_at + timedelta(hours=168)


def test_a_start_while_downloading_is_kept_until_all_is_here(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"))

    assert start(task).phase == Phase.DOWNLOADING

    assert collected(task).phase == Phase.COMPLETED


def test_a_start_twice_is_one(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"))
    collected(task)

    assert start(task).phase == Phase.PROCESSING
    assert start(task).phase == Phase.PROCESSING
    task = collected(task)

    assert start(task).phase == Phase.COMPLETED
    assert task.client.jobs.filter(kind="tasks.process").count() == 1


def test_only_a_task_that_was_idle_long_enough_is_started(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"))
    since = collected(task).waiting_since
    assert since is not None

    sweep.start_idle(at=since + timedelta(seconds=9.9))
    assert fresh(task).phase == Phase.WAITING
    sweep.start_idle(at=since + timedelta(seconds=10))

    assert fresh(task).phase == Phase.PROCESSING
    assert collected(task).phase == Phase.COMPLETED


def test_a_task_without_assets_is_never_started_by_itself() -> None:
    task = a_task()

    start_idle()

    assert fresh(task).phase == Phase.CREATED


def test_a_result_says_which_assets_are_not_in_it(sources: Sources) -> None:
    task = a_task()
    gone = sources.url("/gone.txt")
    announce(task, sources.put("/a.txt", b"a"), gone, last=True)

    task = collected(task)

    assert task.phase == Phase.COMPLETED
    assert task.message == (
        "1 of 2 assets could not be downloaded: "
        f"gone.txt: {gone} answered with status 404."
    )


def test_an_unknown_processor_fails_the_task(sources: Sources) -> None:
    task = a_task(processor="nothing")
    announce(task, sources.put("/a.txt", b"a"), last=True)

    task = collected(task)

    assert task.phase == Phase.FAILED
    assert task.message.startswith("There is no processor 'nothing'")


def test_an_ended_task_can_be_processed_once_more(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"), last=True)
    collected(task)
    before = fresh(task).result_id
    assert before is not None
    with pytest.raises(TaskClosed):
        services.retry_failed(task)

    services.restart(task)
    assert fresh(task).phase == Phase.PROCESSING
    task = collected(task)

    assert task.phase == Phase.COMPLETED
    assert task.result_id != before
    assert not Artifact.objects.filter(pk=before).exists()
    assert task.result is not None
    assert stored.store().check(task.result.digest)


def test_failed_assets_of_a_failed_task_are_retried(sources: Sources) -> None:
    task = a_task(on_failure="stop")
    url = sources.act("/a", ok(status="404 Not Found"), ok(b"now"))
    announce(task, url, sources.put("/b", b"b"), last=True)
    assert collected(task).phase == Phase.FAILED

    assert services.retry_failed(task) == 1
    task = collected(task)

    assert (task.phase, task.downloaded, task.failed) == ("COMPLETED", 2, 0)


def test_a_cancelled_job_cancels_its_task_and_a_retry_brings_it_back(
    sources: Sources,
) -> None:
    task = a_task()
    announce(task, sources.put("/a", b"a"), last=True)
    job = task.client.jobs.get()

    jobs.cancel(job)
    assert fresh(task).phase == Phase.CANCELLED
    jobs.retry(job)
    assert fresh(task).phase == Phase.DOWNLOADING

    assert collected(task).phase == Phase.COMPLETED


def test_expired_tasks_are_pruned_with_their_files(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a", b"a"), last=True)
    left = collected(a_task())
    at = clock.now() + timedelta(hours=167)
    assert sweep.prune(at=at) == {"tasks": 0}

    at += timedelta(hours=2)
    assert sweep.prune(at=at, dry_run=True) == {"tasks": 2}
    assert sweep.prune(at=at) == {"tasks": 2}

    assert not Task.objects.filter(pk__in=[task.pk, left.pk]).exists()
    assert not Artifact.objects.exists()
