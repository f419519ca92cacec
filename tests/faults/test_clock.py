"""A host's clock that is set while it works, and hosts that do not agree on the time.

No program of this machine can set a clock for some processes alone (libfaketime is not
here): the wall clock is set inside the processes under test, see tests.support.skew.
"""

from pathlib import Path
from time import sleep

import pytest

from tests.faults.trial import Trial
from tests.support.live import Live

pytestmark = [
    pytest.mark.live,
    pytest.mark.faults,
    pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True),
]

HOUR = 3600
NOTICED_S = 0.5  # all processes have seen the new time by then


@pytest.fixture
def skew(live: Live, tmp_path: Path) -> Path:
    path = tmp_path / "skew"
    path.write_text("0")
    live.environment["CLOCK_SKEW"] = str(path)
    return path


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, 20, -20])
def test_a_clock_that_is_set_while_jobs_run_costs_nothing(
    live: Live, skew: Path, seconds: int
) -> None:
    trial = Trial(f"clock: set by {seconds:+} s while jobs run", live)
    live.start(workers=2)
    trial.enqueue(2, steps=60)
    trial.under_way()

    skew.write_text(str(seconds))
    sleep(NOTICED_S)

    trial.healed()
    trial.settle()


def test_hosts_that_do_not_agree_on_the_time_do_nothing_twice(
    live: Live, skew: Path, tmp_path: Path
) -> None:
    if live.backend == "sqlite":
        pytest.skip("SQLite is of one host")
    trial = Trial("clock: of two hosts one is an hour ahead", live)
    live.start(workers=1)
    ahead = tmp_path / "ahead"
    ahead.write_text(str(HOUR))
    live.environment["CLOCK_SKEW"] = str(ahead)
    live.start(workers=1)
    trial.enqueue(6, steps=30)
    trial.under_way()

    trial.healed()
    trial.settle()
