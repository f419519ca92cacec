"""Twenty random kills over fifteen jobs: none lost, none done twice, all final."""

import random
from time import monotonic, sleep

import pytest

from tasks.models import Job
from tasks.states import FINAL
from tests.support.backends import BACKENDS
from tests.support.effects import effects, nothing_is_left, once_each
from tests.support.live import Live
from tests.support.polling import until
from tests.support.processes import Proc
from tests.support.work import Work

pytestmark = [pytest.mark.live, pytest.mark.faults]

JOBS, STEPS, KILLS = 15, 20, 20


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_random_kills_lose_nothing_and_double_nothing(live: Live) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    jobs = [
        live.enqueue("test.steps", lane=f"lane-{n % 5}", steps=STEPS, pause_s=0.1)
        for n in range(JOBS)
    ]
    work = live.start()

    for _ in range(KILLS):
        sleep(chance.uniform(0.05, 0.8))
        work = _kill_one(live, work, chance)

    began = monotonic()
    until(lambda: _all_final(jobs), within_s=90, what="all jobs are final")
    print(f"final {monotonic() - began:.1f} s after the last kill")
    assert [effects(job) for job in jobs] == [once_each(STEPS)] * JOBS
    nothing_is_left()


def _kill_one(live: Live, work: Work, chance: random.Random) -> Work:
    """Kill any process of the tree; start another supervisor if it was that."""
    victim: Proc = chance.choice(work.tree)
    victim.kill()
    if victim != work.root:
        return work
    work.wait()
    work.leaves_no_orphan()
    return live.start(complete=False)


def _all_final(jobs: list[Job]) -> bool:
    states = Job.objects.filter(pk__in=[job.pk for job in jobs])
    return states.filter(state__in=FINAL).count() == len(jobs)
