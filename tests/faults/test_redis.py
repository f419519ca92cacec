"""The doorbell restarted, flushed, away for a while, or silent: the work goes on."""

from time import sleep

import pytest

from tests.faults.conftest import PrivateLive
from tests.faults.trial import Trial
from tests.support.proxy import Proxy
from tests.support.servers import Redis

pytestmark = [pytest.mark.live, pytest.mark.faults]

AWAY_S = 6.0
SILENT_S = 15.0


def test_a_flushed_doorbell_costs_nothing(
    on_redis: PrivateLive, doorbell: Redis
) -> None:
    trial = Trial("Redis: flushed three times", on_redis)
    on_redis.start(workers=2)
    trial.enqueue(6, steps=30)

    for _ in range(3):
        doorbell.flush()
        sleep(0.5)

    trial.healed()
    trial.settle()


@pytest.mark.parametrize("away_s", [0.0, AWAY_S])
def test_a_restarted_doorbell_costs_nothing(
    on_redis: PrivateLive, doorbell: Redis, away_s: float
) -> None:
    trial = Trial(f"Redis: killed, and away for {away_s:g} s", on_redis)
    on_redis.start(workers=2)
    trial.enqueue(4, steps=60)
    trial.under_way()

    doorbell.stop()
    sleep(away_s)
    doorbell.start()

    trial.healed()
    trial.settle()


@pytest.mark.parametrize("cut", ["swallow", "refuse"])
def test_workers_that_cannot_hear_the_doorbell_work_all_the_same(
    on_redis: PrivateLive, doorbell: Redis, cut: str
) -> None:
    trial = Trial(f"Redis: a line that is cut ({cut}) for 15 s", on_redis)
    with Proxy(doorbell.port) as line:
        on_redis.environment["REDIS_URL"] = f"redis://127.0.0.1:{line.port}/0"
        on_redis.start(workers=2)
        trial.enqueue(4, steps=60)
        trial.under_way()

        getattr(line, cut)()
        sleep(SILENT_S)
        line.mend()

        trial.healed()
        trial.settle()
        for work in on_redis.works:
            work.stop()
