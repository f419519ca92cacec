"""SQLite locked by somebody else, for shorter and for longer than anybody waits."""

import sqlite3
from time import sleep

import pytest

from tests.faults.trial import Trial
from tests.support.live import Live

pytestmark = [pytest.mark.live, pytest.mark.faults]


@pytest.mark.parametrize("seconds", [3.0, 7.0, 15.0])
def test_a_locked_database_costs_nothing(live: Live, seconds: float) -> None:
    trial = Trial(f"SQLite: locked for {seconds:g} s", live)
    live.start(workers=2)
    trial.enqueue(4, steps=60)
    trial.under_way()

    other = sqlite3.connect(live.url.removeprefix("sqlite:///"), timeout=10)
    other.execute("BEGIN IMMEDIATE")
    sleep(seconds)
    other.rollback()
    other.close()

    trial.healed()
    trial.settle()
