"""The supervisor: keeps a cluster of workers running, and sweeps once a second."""

import logging
import os
import signal
from time import monotonic, sleep, time
from types import FrameType

from django.conf import settings
from django.db import Error, connections
from django.utils.module_loading import import_string

from tasks.archive.stored import store
from tasks.engine import blame, clock, identity, shift, sweep
from tasks.engine.cluster import WORKER_DIED, die_with, run_cluster
from tasks.models import WorkerHost

TICK_S = 1.0
CLEAN_EVERY_S = 10.0
STOP_WITHIN_S = 25.0
RESTART_PAUSE_S = 0.2
log = logging.getLogger(__name__)


class Supervisor:
    def __init__(self, *, workers: int) -> None:
        self.workers = workers
        self.pid = self.exit_code = 0
        self.asked_to_stop = False
        self.started_at = clock.now()
        self._ticked = self._cleaned = self._born = 0.0

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; then end within STOP_WITHIN_S."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        preload_handlers()
        while not self.asked_to_stop:
            self._start()
            self._watch()
            if not self.asked_to_stop:
                log.warning("cluster ended, starting another")
                self._hand_back()
                self._sweep(at_once=True)
                sleep(RESTART_PAUSE_S)
        self._say_goodbye()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def _start(self) -> None:
        # A connection must not be shared by two processes.
        connections.close_all()
        blame.clear()
        parent = os.getpid()
        self.pid = os.fork()
        self._born = monotonic()
        if self.pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with(parent)
            run_cluster(workers=self.workers)

    def _watch(self) -> None:
        """Sweep until the cluster has ended, by itself or because we were asked."""
        while not self._has_ended():
            if self.asked_to_stop:
                self._stop()
                return
            self._sweep()
            sleep(0.05)

    def _stop(self) -> None:
        shift.stop_working()
        os.kill(self.pid, signal.SIGTERM)
        until = monotonic() + STOP_WITHIN_S
        while not self._has_ended():
            if monotonic() > until:
                log.warning("workers did not stop in time and are killed")
                self._kill()
            sleep(0.05)

    def _kill(self) -> None:
        # Its children follow it: see die_with().
        os.kill(self.pid, signal.SIGKILL)

    def _has_ended(self) -> bool:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.exit_code = os.waitstatus_to_exitcode(status)
        return pid != 0

    def _hand_back(self) -> None:
        # Any other end began elsewhere: no worker died first, so no job is why.
        fell = self.exit_code == WORKER_DIED
        try:
            for pid, suspect in blame.suspects():
                sweep.hand_back(pid=pid, suspect=suspect if fell else blame.NO_JOB)
        except Error as error:
            log.warning("hand-back failed", extra={"error": type(error).__name__})

    def _sweep(self, *, at_once: bool = False) -> None:
        if not at_once and monotonic() - self._ticked < TICK_S:
            return
        self._ticked = monotonic()
        try:
            sweep.tick(started_at=self.started_at, workers=self.workers)
            self._clean()
            self._restart_if_wedged()
        except (Error, OSError) as error:
            log.warning("sweep failed", extra={"error": type(error).__name__})
            connections.close_all()

    def _clean(self) -> None:
        if monotonic() - self._cleaned > CLEAN_EVERY_S:
            self._cleaned = monotonic()
            sweep.clear_scratch(now_s=time())
            # Elsewhere it takes requests, which may hang: left to prune.
            if store().is_local:
                sweep.clear_drafts()

    def _restart_if_wedged(self) -> None:
        settled = monotonic() - self._born > sweep.WEDGED_AFTER.total_seconds()
        if settled and sweep.is_wedged(at=clock.now()):
            log.error("work waits and no worker moves: restarting the cluster")
            self._kill()
            self._born = monotonic()

    def _say_goodbye(self) -> None:
        try:
            WorkerHost.objects.filter(owner=identity.owner()).delete()
        except Error:
            log.warning("could not sign off")


def preload_handlers() -> None:
    """Import every handler once, before the fork, so that its workers share it."""
    for path in [*settings.JOB_HANDLERS.values(), *settings.JOB_FOLLOWERS.values()]:
        import_string(path)
