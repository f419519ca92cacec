"""Two worker hosts in networks of their own, cut off from all or from each other."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest
from pytest_django import DjangoDbBlocker

from tests.faults.conftest import PrivateLive
from tests.faults.trial import Trial
from tests.support.hosts import MIDDLE, Host, hosts, inside, why_no_hosts
from tests.support.servers import postgres, why_no_cluster

pytestmark = [pytest.mark.live, pytest.mark.faults]

CUT_S = 15.0
Both = tuple[PrivateLive, list[Host]]


@pytest.fixture
def both(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Both]:
    """Run a worker host in each of two networks, and the database in a third."""
    if reason := why_no_hosts() or why_no_cluster():
        pytest.skip(reason)
    with (
        hosts(2) as made,
        postgres(",".join(one.gateway for one in made), inside(MIDDLE)) as cluster,
        django_db_blocker.unblock(),
        PrivateLive(tmp_path / "var", cluster) as live,
    ):
        for host in made:
            address = f"{host.gateway}:{cluster.port}"
            live.environment["DATABASE_URL"] = f"postgres://postgres@{address}/postgres"
            live.prefix = host.prefix
            live.start(workers=1)
        yield live, made
        print(live.log[-4000:])
        for work in live.works:
            work.stop()


def test_hosts_that_only_the_database_joins_share_the_work(both: Both) -> None:
    live, _ = both
    trial = Trial("namespaces: two hosts that cannot reach each other", live)
    trial.enqueue(8, steps=20)

    trial.settle()

    names = {job.events.get(kind="claimed").data["worker"] for job in trial.jobs}
    assert len({name.rpartition("/")[0] for name in names}) == 2


def test_a_host_cut_off_from_the_database_does_nothing_twice(both: Both) -> None:
    live, (one, _) = both
    trial = Trial("namespaces: one host cut off from the database for 15 s", live)
    trial.enqueue(4, steps=100)
    trial.under_way()

    one.cut()
    trial.healed()
    sleep(CUT_S)
    one.mend()

    trial.settle()


def test_when_all_hosts_were_cut_off_the_work_goes_on(both: Both) -> None:
    live, made = both
    trial = Trial("namespaces: both hosts cut off from the database for 15 s", live)
    trial.enqueue(4, steps=100)
    trial.under_way()

    for host in made:
        host.cut()
    sleep(CUT_S)
    for host in made:
        host.mend()

    trial.healed()
    trial.settle()
