"""Each process killed, asked to end or stopped for a while, busy and idle."""

import os
import signal
from collections.abc import Callable
from time import sleep

import pytest

from tests.faults.trial import Trial
from tests.support.backends import BACKENDS
from tests.support.live import Live
from tests.support.processes import Proc
from tests.support.work import Work

pytestmark = [
    pytest.mark.live,
    pytest.mark.faults,
    pytest.mark.parametrize("backend", BACKENDS, indirect=True),
]

# Longer than a lease, so that what it held is taken over before it goes on.
STOPPED_S = 12.0
Victim = Callable[[Work, Trial], Proc]
VICTIMS: dict[str, Victim] = {
    "supervisor": lambda work, _: work.root,
    "main": lambda work, _: work.cluster,
    "sentinel": lambda work, _: work.sentinel,
    "worker, busy": lambda work, trial: work.worker_of(trial.jobs[0]),
    "worker, idle": lambda work, trial: next(
        one for one in work.workers if one != work.worker_of(trial.jobs[0])
    ),
}


def kill(work: Work, victim: Proc) -> None:
    victim.kill()


def ask_to_end(work: Work, victim: Proc) -> None:
    victim.kill(signal.SIGTERM)


def stop_for_a_while(work: Work, victim: Proc) -> None:
    victim.kill(signal.SIGSTOP)
    sleep(STOPPED_S)
    victim.kill(signal.SIGCONT)


def ask_the_group(work: Work, victim: Proc) -> None:
    os.killpg(os.getpgid(victim.pid), signal.SIGTERM)


WAYS = {
    "KILL": kill,
    "TERM": ask_to_end,
    "STOP and CONT": stop_for_a_while,
    "TERM to its group": ask_the_group,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", VICTIMS)
def test_whichever_process_is_hit_no_work_is_lost_or_done_twice(
    live: Live, name: str, way: str
) -> None:
    trial = Trial(f"{name}: {way}", live)
    work = live.start(workers=2)
    lanes = 1 if name == "worker, idle" else 4
    trial.enqueue(lanes, steps=40)
    trial.under_way()

    WAYS[way](work, VICTIMS[name](work, trial))

    trial.healed()
    if name == "supervisor" or way == "TERM to its group":
        _replace(live, work, stopped=way == "STOP and CONT")
    trial.settle()


def _replace(live: Live, work: Work, *, stopped: bool) -> None:
    """Start another supervisor where the one there was has ended."""
    if stopped:
        return
    work.wait()
    work.leaves_no_orphan()
    live.start(workers=2, complete=False)
