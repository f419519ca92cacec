"""Workers that kill themselves beside a commit, for tests that ask for it.

A kind of job whose handler is here, `whole`, makes its host follow the plan in the
file CRASH_PLAN: `3 before` kills the worker that makes the third commit after it has
read it, just before; `3 after` when the database has it. Then the plan is DONE.
"""

import os
import signal
import threading
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django_q.signals import pre_execute

from tests.support.handlers import whole as whole

DONE = "carried out"


class Counter:
    def __init__(self, plan: Path) -> None:
        self.plan = plan
        self.stamp, self.commits = 0, 0

    def reached(self, when: str) -> bool:
        """Count a commit that is about to be made; tell whether to die `when`."""
        try:
            words, stamp = self.plan.read_text().split(), self.plan.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        if words == DONE.split() or len(words) != 2:
            return False
        if stamp != self.stamp:
            self.stamp, self.commits = stamp, 0
        self.commits += when == "before"
        return words == [str(self.commits), when]


def arm(**_: Any) -> None:
    counter = Counter(Path(os.environ["CRASH_PLAN"]))
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined] # not in the stubs
    if hasattr(commit, "counts"):
        return

    def counted(self: BaseDatabaseWrapper) -> Any:
        if threading.current_thread() is not threading.main_thread():
            return commit(self)
        _die_if(counter, "before")
        answer = commit(self)
        _die_if(counter, "after")
        return answer

    counted.counts = True  # type: ignore[attr-defined] # a mark of our own
    BaseDatabaseWrapper._commit = counted  # type: ignore[attr-defined] # as above


def _die_if(counter: Counter, when: str) -> None:
    if counter.reached(when):
        counter.plan.write_text(DONE)
        os.kill(os.getpid(), signal.SIGKILL)


# Sent in a worker, as it answers the bell; other processes are left alone.
pre_execute.connect(arm, dispatch_uid="crash points")
