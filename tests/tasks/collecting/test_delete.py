"""Deleting a task in each phase: no row, no file and no work is left."""

from collections.abc import Callable
from threading import Thread
from time import monotonic

import pytest
from django.db import connection

from tasks.archive import stored
from tasks.collecting import services
from tasks.engine import shift
from tasks.models import Artifact, Asset, Job, Page, Task
from tests.support.collecting import (
    a_task,
    announce,
    collected,
    run_jobs,
    start_idle,
)
from tests.support.exporting import leftovers
from tests.support.polling import until
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.django_db(transaction=True)


def created(sources: Sources) -> Task:
    return a_task()


def queued(sources: Sources) -> Task:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"))
    return task


def waiting(sources: Sources) -> Task:
    task = queued(sources)
    announce(task, sources.url("/gone"), sources.put("/b.txt", b"b"))
    return collected(task)


def processing(sources: Sources) -> Task:
    task = waiting(sources)
    start_idle()
    return task


def completed(sources: Sources) -> Task:
    return collected(processing(sources))


def website(sources: Sources) -> Task:
    task = a_task(processor="gallery")
    announce(task, sources.put("/a.txt", b"a"), last=True)
    return collected(task)


def failed(sources: Sources) -> Task:
    task = a_task(on_failure="stop")
    announce(task, sources.put("/a.txt", b"a"))
    collected(task)
    announce(task, sources.url("/gone"))
    return collected(task)


@pytest.mark.parametrize(
    ("begun", "phase"),
    [
        (created, "CREATED"),
        (queued, "DOWNLOADING"),
        (waiting, "WAITING"),
        (processing, "PROCESSING"),
        (completed, "COMPLETED"),
        (website, "COMPLETED"),
        (failed, "FAILED"),
    ],
)
def test_a_deleted_task_leaves_nothing(
    begun: Callable[[Sources], Task], phase: str, sources: Sources
) -> None:
    task = begun(sources)
    task.refresh_from_db()
    assert task.phase == phase

    services.delete_task(client=task.client, task_id=task.pk)
    run_jobs()

    for model in (Task, Asset, Page, Artifact):
        assert not model.objects.exists()
    assert not Job.objects.open().exists()
    assert leftovers() == []


def test_a_file_that_another_task_shows_stays(sources: Sources) -> None:
    first, second = a_task(), a_task()
    url = sources.put("/a.txt", b"the same")
    announce(first, url)
    announce(second, url)
    run_jobs()

    services.delete_task(client=first.client, task_id=first.pk)

    asset = second.assets.get()
    assert stored.store().check(asset.digest)
    services.delete_task(client=second.client, task_id=second.pk)
    assert leftovers() == []


def test_downloads_under_way_end_within_a_second(sources: Sources) -> None:
    task = a_task()

    def drips(peer: Connection, request: Request) -> None:
        peer.send(ok(b"", length=1_000_000))
        peer.drip(*[b"x"] * 1000)

    announce(task, sources.act("/slow", drips), sources.put("/b", b"b"))
    times: list[float] = []

    def deletes() -> None:
        look = Asset.objects.filter(state="DOWNLOADED").exists
        try:
            until(look, within_s=10, what="b is here")
            services.delete_task(client=task.client, task_id=task.pk)
            times.append(monotonic())
        finally:
            connection.close()

    thread = Thread(target=deletes)
    thread.start()
    shift.answer()
    times.append(monotonic())
    thread.join()

    deleted_at, ended_at = times
    assert ended_at - deleted_at < 1.0
    assert Job.objects.get().state == "cancelled"
    assert leftovers() == []
    assert not Artifact.objects.exists()
