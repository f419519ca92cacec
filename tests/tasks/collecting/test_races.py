"""Several who change one task at once: what they ask for happens once."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Event, Thread

import pytest
from django.db import connection

from tasks.collecting import services
from tasks.collecting.errors import NoSuchTask, TaskClosed
from tasks.engine import shift
from tasks.models import Artifact, Asset, Job, Task
from tests.support.collecting import (
    a_task,
    announce,
    collected,
    fresh,
    named,
    run_jobs,
    start_idle,
)
from tests.support.exporting import leftovers
from tests.support.sources import Sources

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def at_once(*actions: Callable[[], object]) -> list[Exception]:
    """Run all, each in a thread; return what they raised."""
    barrier, raised = Barrier(len(actions)), list[Exception]()

    def run(action: Callable[[], object]) -> None:
        try:
            barrier.wait()
            action()
        except Exception as error:  # noqa: BLE001 - for the test to look at
            raised.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def waiting(sources: Sources) -> Task:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"))
    return collected(task)


def jobs_of(task: Task, kind: str) -> int:
    return Job.objects.filter(kind=kind, params__task=str(task.pk)).count()


def test_a_task_started_by_many_is_processed_once(sources: Sources) -> None:
    for _ in range(ROUNDS):
        task = waiting(sources)

        def start(task: Task = task) -> None:
            services.start(client=task.client, task_id=task.pk)

        raised = at_once(start_idle, start, start_idle, start)

        assert raised == []
        assert jobs_of(task, "tasks.process") == 1
        assert collected(task).phase == "COMPLETED"


def test_an_asset_announced_as_its_task_goes_on_is_in_it_or_refused(
    sources: Sources,
) -> None:
    late = sources.put("/late.txt", b"late")
    for _ in range(ROUNDS):
        task = waiting(sources)

        raised = at_once(start_idle, partial(announce, task, late))

        task = collected(task)
        if raised:
            assert isinstance(raised[0], TaskClosed)
            assert (task.phase, task.announced) == ("COMPLETED", 1)
        else:
            assert (task.phase, task.downloaded) == ("WAITING", 2)


def test_assets_announced_as_a_job_ends_are_not_forgotten(sources: Sources) -> None:
    batches = [
        [sources.put(f"/{n}-{m}", f"{n}-{m}".encode()) for m in range(3)]
        for n in range(20)
    ]
    task = a_task()

    over = Event()

    def announces() -> None:
        for batch in batches:
            announce(task, *batch)
        over.set()

    def works() -> None:
        while not over.wait(0.001):
            shift.answer()

    assert at_once(announces, works, works) == []
    task = collected(task)

    assert (task.phase, task.announced, task.downloaded) == ("WAITING", 60, 60)
    assert all(len(seen) == 1 for seen in sources.seen.values())


def test_the_same_batch_sent_at_once_is_one() -> None:
    task = a_task()
    batch = [named(f"http://example.org/{n}", f"{n % 3}.jpg") for n in range(20)]

    raised = at_once(*[lambda: announce(task, *batch)] * 4)

    assert raised == []
    assert fresh(task).announced == Asset.objects.count() == 20
    assert jobs_of(task, "tasks.collect") == 1
    assert len(set(task.assets.values_list("name", flat=True))) == 20


def test_a_task_deleted_while_others_use_it_leaves_nothing(sources: Sources) -> None:
    for _ in range(ROUNDS):
        task = waiting(sources)
        more = sources.put("/more.txt", b"more")

        def delete(task: Task = task) -> None:
            services.delete_task(client=task.client, task_id=task.pk)

        raised = at_once(
            delete,
            partial(announce, task, more),
            start_idle,
            delete,
            run_jobs,
        )
        run_jobs()

        assert all(isinstance(one, NoSuchTask | TaskClosed) for one in raised), raised
        for model in (Task, Asset, Artifact):
            assert not model.objects.exists()
        assert not Job.objects.open().exists()
        assert leftovers() == []
