"""A disk that is full, and a store that is away: the work waits, and is then done."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

import pytest
from pytest_django import DjangoDbBlocker, Settings

from tests.faults.trial import Trial
from tests.support.live import Live

pytestmark = [
    pytest.mark.live,
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk"),
]

FULL_S = 4.0
BLOCK = 1 << 16


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    if subprocess.run(["mount", *options], check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write until there is no more room; return the file to remove."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * BLOCK)
    assert shutil.disk_usage(folder).free < BLOCK
    return ballast


def files(trial: Trial, live: Live, count: int) -> None:
    for number in range(count):
        job = live.enqueue(
            *("test.files",),
            lane=f"lane-{number}",
            steps=30,
            pause_s=0.05,
            size_bytes=20_000,
        )
        trial.jobs.append(job)
        trial.steps[job.pk] = 30


def test_a_full_store_makes_work_wait_and_no_half_file(
    live: Live, tmp_path: Path
) -> None:
    trial = Trial("disk: the store's is full for 4 s", live)
    folder = tmp_path / "small"
    with small_disk(folder, 4):
        live.environment |= {"STORE_URL": str(folder), "DISK_RESERVE_MB": "0"}
        live.start(workers=2)
        files(trial, live, 3)
        trial.under_way()

        ballast = fill(folder)
        sleep(FULL_S)
        ballast.unlink()

        trial.healed()
        with live.stored_in(folder):
            trial.settle()
        for work in live.works:
            work.stop()


def test_a_store_that_is_away_makes_work_wait(live: Live, tmp_path: Path) -> None:
    trial = Trial("store: away for 4 s", live)
    folder = tmp_path / "store"
    live.environment["STORE_URL"] = str(folder)
    live.start(workers=2)
    files(trial, live, 3)
    trial.under_way()

    folder.rename(tmp_path / "elsewhere")
    folder.write_text("no folder")
    sleep(FULL_S)
    folder.unlink()
    (tmp_path / "elsewhere").rename(folder)

    trial.healed()
    with live.stored_in(folder):
        trial.settle()


@pytest.mark.usefixtures("_templates")
def test_a_full_disk_below_the_database_loses_nothing(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker, settings: Settings
) -> None:
    folder = tmp_path / "var"
    settings.DISK_RESERVE_MB = 0  # else nothing more would be taken in
    with (
        small_disk(folder, 24),
        django_db_blocker.unblock(),
        Live("sqlite", folder, LIVE_KINDS="test", DISK_RESERVE_MB="0") as live,
    ):
        trial = Trial("disk: SQLite's is full for 4 s", live)
        live.start(workers=2)
        trial.enqueue(4, steps=60)
        trial.under_way()

        ballast = fill(folder)
        sleep(FULL_S)
        ballast.unlink()

        trial.healed()
        trial.settle()
        for work in live.works:
            work.stop()
