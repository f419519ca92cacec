"""Real workers, killed while they collect: nothing is lost, doubled or left over."""

from time import monotonic, sleep

import pytest

from tasks.archive.store import LocalStore
from tasks.collecting import services
from tasks.models import Artifact, Job, Task
from tasks.states import FINAL
from tests.support.collecting import a_task, announce, fresh, named
from tests.support.live import Live
from tests.support.marks import everywhere_at_length
from tests.support.polling import until
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.live


@pytest.fixture
def live(live: Live) -> Live:
    """A service that may fetch from this machine, and starts idle tasks soon."""
    live.environment |= {
        "OUTBOUND_ALLOW_NETS": "127.0.0.0/8",
        "OUTBOUND_PORTS": "any",
        "TASK_IDLE_SECONDS": "1",
    }
    live.environment.pop("LIVE_KINDS", None)
    return live


def slowly(peer: Connection, request: Request) -> None:
    peer.stopping.wait(0.05)
    peer.send(ok(request.path.encode()))


def announced(sources: Sources, count: int, *, task: Task) -> None:
    urls = [sources.act(f"/{n}.txt", slowly) for n in range(count)]
    for at in range(0, count, 50):
        announce(task, *urls[at : at + 50], last=at + 50 >= count)


def downloaded(task: Task, count: int, *, within_s: float = 20.0) -> None:
    def look() -> bool:
        return fresh(task).downloaded >= count

    until(look, within_s=within_s, what=f"{count} assets are here")


def completed(task: Task, *, within_s: float = 40.0) -> Task:
    def look() -> bool:
        assert fresh(task).phase not in {"FAILED", "CANCELLED"}, fresh(task).message
        return fresh(task).phase == "COMPLETED"

    until(look, within_s=within_s, what="the task is completed")
    return fresh(task)


@everywhere_at_length
def test_a_worker_killed_while_it_collects_fetches_nothing_twice_that_it_had(
    live: Live, sources: Sources
) -> None:
    task = a_task(live.client)
    announced(sources, 120, task=task)
    work = live.start(workers=2)

    downloaded(task, 30)
    job = Job.objects.get(kind="tasks.collect")
    work.worker_of(job).kill()
    had = set(
        task.assets.filter(state="DOWNLOADED").values_list("file_name", flat=True)
    )
    task = completed(task)

    assert (task.announced, task.downloaded, task.failed) == (120, 120, 0)
    again = [path for path, seen in sources.seen.items() if len(seen) > 1]
    assert not {path.strip("/") for path in again} & had
    assert all(len(seen) <= 2 for seen in sources.seen.values())
    # The result is the one besides those of the assets.
    assert Artifact.objects.count() == 121
    shown = set(Artifact.objects.values_list("digest", flat=True))
    there = set(LocalStore(live.folder / "store").digests())
    assert shown <= there


def test_an_idle_task_is_processed_by_itself(live: Live, sources: Sources) -> None:
    task = a_task(live.client)
    url = sources.put("/a.txt", b"a")
    live.start(workers=1)

    services.announce(client=task.client, task_id=task.pk, assets=[named(url)])

    assert completed(task, within_s=10).downloaded == 1
    assert Job.objects.filter(kind="tasks.process").count() == 1


def test_a_task_deleted_under_a_worker_stops_within_a_second(
    live: Live, sources: Sources
) -> None:
    task = a_task(live.client)
    hanging: list[float] = []

    def hangs(peer: Connection, request: Request) -> None:
        peer.send(ok(b"begin", length=100))
        peer.sock.settimeout(30)
        peer.sock.recv(1)  # returns as soon as the client has gone
        hanging.append(monotonic())

    announce(task, *[sources.act(f"/{n}", hangs) for n in range(4)])
    work = live.start(workers=1)
    until(lambda: len(sources.seen) == 4, within_s=15, what="all were asked for")
    sleep(0.2)

    began = monotonic()
    services.delete_task(client=task.client, task_id=task.pk)
    until(lambda: len(hanging) == 4, within_s=5, what="all are hung up")

    assert max(hanging) - began < 1.0
    ended = Job.objects.filter(state__in=FINAL).exists
    until(ended, within_s=2, what="the job has ended")
    files = [one for one in (live.folder / "store").rglob("*") if one.is_file()]
    assert files == []
    assert work.is_complete
