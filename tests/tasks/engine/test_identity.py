"""Whether the process that signed a lease still lives."""

import os

import pytest

from tasks.engine import identity
from tests.support.leases import name_of, name_of_a_dead_process, started_process


def test_a_living_process_is_not_dead() -> None:
    assert not identity.is_dead(identity.owner())


def test_an_ended_process_is_dead() -> None:
    assert identity.is_dead(name_of_a_dead_process())


def test_a_zombie_is_dead() -> None:
    process = started_process()
    name = name_of(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert identity.is_dead(name)
    process.communicate()


def test_a_later_process_with_the_same_pid_is_another_one() -> None:
    name, _, started = identity.owner().rpartition("/")

    assert identity.is_dead(f"{name}/{int(started) - 1}")


@pytest.mark.parametrize("name", ["", "x", "other/boot/1/2/3", "/", "a/b"])
def test_of_others_nothing_is_known(name: str) -> None:
    assert not identity.is_dead(name)
