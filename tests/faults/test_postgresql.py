"""PostgreSQL ended, restarted, away for a while, or silent behind a cut line."""

from time import sleep

import pytest
from django.db import connections

from tests.faults.conftest import PrivateLive
from tests.faults.trial import Trial
from tests.support.proxy import Proxy
from tests.support.servers import Postgres

pytestmark = [pytest.mark.live, pytest.mark.faults]

AWAY_S = 6.0
# Longer than a lease: what was under way there is taken over elsewhere.
SILENT_S = 15.0


def test_terminated_backends_cost_nothing(
    on_cluster: PrivateLive, cluster: Postgres
) -> None:
    trial = Trial("PostgreSQL: backends terminated three times", on_cluster)
    on_cluster.start(workers=2)
    trial.enqueue(4, steps=60)
    trial.under_way()

    for _ in range(3):
        connections.close_all()
        assert cluster.terminate_backends() > 2
        sleep(1.0)

    trial.healed()
    trial.settle()


@pytest.mark.parametrize("how", ["fast", "immediate"])
@pytest.mark.parametrize("away_s", [0.0, AWAY_S])
def test_a_restarted_database_costs_nothing(
    on_cluster: PrivateLive, cluster: Postgres, how: str, away_s: float
) -> None:
    trial = Trial(f"PostgreSQL: stopped ({how}) for {away_s:g} s", on_cluster)
    on_cluster.start(workers=2)
    trial.enqueue(4, steps=60)
    trial.under_way()

    connections.close_all()
    cluster.stop(how)
    sleep(away_s)
    cluster.start()

    trial.healed()
    trial.settle()


@pytest.mark.parametrize("cut", ["swallow", "refuse"])
def test_a_worker_cut_off_from_the_database_does_nothing_twice(
    on_cluster: PrivateLive, cluster: Postgres, cut: str
) -> None:
    trial = Trial(f"PostgreSQL: a line that is cut ({cut}) for 15 s", on_cluster)
    with Proxy(cluster.port) as line:
        url = f"postgres://postgres@127.0.0.1:{line.port}/postgres"
        on_cluster.environment["DATABASE_URL"] = url
        on_cluster.start(workers=2)
        trial.enqueue(4, steps=100)
        trial.under_way()

        getattr(line, cut)()
        sleep(SILENT_S)
        line.mend()

        trial.healed()
        trial.settle()
        for work in on_cluster.works:
            work.stop()


def test_of_two_hosts_the_one_that_is_not_cut_off_goes_on(
    on_cluster: PrivateLive, cluster: Postgres
) -> None:
    trial = Trial("two hosts: one cut off from the database for 15 s", on_cluster)
    with Proxy(cluster.port) as line:
        direct = dict(on_cluster.environment)
        url = f"postgres://postgres@127.0.0.1:{line.port}/postgres"
        on_cluster.environment["DATABASE_URL"] = url
        on_cluster.start(workers=1)
        trial.enqueue(4, steps=80)
        trial.under_way()
        on_cluster.environment = direct

        on_cluster.start(workers=1)
        line.swallow()
        trial.healed()
        sleep(SILENT_S)
        line.mend()

        trial.settle()
        for work in on_cluster.works:
            work.stop()
