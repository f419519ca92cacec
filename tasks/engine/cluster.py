"""The django-q2 cluster that answers the bell, made to fail fast without orphans."""

import ctypes
import os
import signal
import sys
from time import sleep
from typing import Any, NoReturn

import django_q.cluster

from tasks.engine import blame

PR_SET_PDEATHSIG = 1
ORPHANED = 71
# How a cluster ends when one of its children has died: see FailFastSentinel.
WORKER_DIED = 70


class FailFastSentinel(django_q.cluster.Sentinel):  # type: ignore[misc] # untyped
    """Ends the whole cluster when a child dies.

    A killed child may have held the lock of a queue it shares with the others, and
    then they would wait for ever; leases make a restart of all of them cheap.
    """

    def start(self) -> None:
        # A TERM to the process group must not kill workers in the middle of a step:
        # the supervisor tells them to stop, and the cluster ends them in order.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        super().start()

    def reincarnate(self, process: Any) -> None:
        timer = getattr(process, "timer", None)
        if timer is not None and int(timer.value) == -2:  # its normal recycling
            super().reincarnate(process)
            return
        for worker in self.pool:
            if worker.is_alive():
                blame.acquit(worker.pid)
        for child in [*self.pool, self.monitor, self.pusher]:
            child.kill()
        os._exit(WORKER_DIED)


def run_cluster(*, workers: int) -> NoReturn:
    """Run the cluster in this (just forked) process; exit as it does."""
    _bind_children_to_parents()
    django_q.cluster.Conf.WORKERS = workers
    django_q.cluster.Sentinel = FailFastSentinel
    cluster = django_q.cluster.Cluster()
    cluster.start()
    while cluster.sentinel.is_alive():
        sleep(0.05)
    sys.stdout.flush()
    os._exit(cluster.sentinel.exitcode or 0)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(ORPHANED)


def _bind_children_to_parents() -> None:
    parent = os.getpid()

    def before() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=before, after_in_child=lambda: die_with(parent))
