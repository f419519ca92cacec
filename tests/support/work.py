"""A running `manage.py work`: its processes by their part, and its end."""

import signal
import subprocess

from tasks.models import Job
from tests.support.polling import until
from tests.support.processes import Proc, proc

STARTS_WITHIN_S = 40.0
STOPS_WITHIN_S = 30.0


class Work:
    """A `manage.py work` and everything below it."""

    def __init__(self, popen: "subprocess.Popen[bytes]", *, workers: int) -> None:
        self.popen = popen
        self.size = workers
        self.root = proc(popen.pid)
        self.seen: set[Proc] = set()

    @property
    def tree(self) -> list[Proc]:
        tree = self.root.tree
        self.seen |= set(tree)
        return tree

    @property
    def cluster(self) -> Proc:
        return self.root.children[0]

    @property
    def sentinel(self) -> Proc:
        return self.cluster.children[0]

    @property
    def workers(self) -> list[Proc]:
        # The sentinel starts its workers first, then the monitor, then the pusher.
        return self.sentinel.children[: self.size]

    @property
    def monitor(self) -> Proc:
        return self.sentinel.children[self.size]

    @property
    def pusher(self) -> Proc:
        return self.sentinel.children[self.size + 1]

    @property
    def is_complete(self) -> bool:
        # Itself, the cluster, the sentinel, the monitor and the pusher.
        return len(self.tree) == self.size + 5

    def wait_until_complete(self) -> None:
        def look() -> bool:
            assert self.popen.poll() is None, "the supervisor ended as it started"
            return self.is_complete

        until(look, within_s=STARTS_WITHIN_S, what="all processes started")

    def worker_of(self, job: Job) -> Proc:
        """Return the process that holds a job's lease."""
        job.refresh_from_db()
        return proc(int(job.lease_owner.split("/")[-2]))

    def terminate(self) -> None:
        _ = self.tree
        self.root.kill(signal.SIGTERM)

    def wait(self, *, within_s: float = STOPS_WITHIN_S) -> int:
        return self.popen.wait(within_s)

    def stop(self) -> None:
        """End it in order, and by force what does not follow."""
        self.terminate()
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
        for left in self.survivors:
            left.kill()

    def kill(self) -> None:
        _ = self.tree
        self.root.kill()
        self.wait()

    @property
    def survivors(self) -> list[Proc]:
        return [seen for seen in self.seen if seen.alive]

    def leaves_no_orphan(self, *, within_s: float = 2.0) -> None:
        until(lambda: not self.survivors, within_s=within_s, what="no orphan is left")
