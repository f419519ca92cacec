"""A host whose clock is wrong by as many seconds as the file CLOCK_SKEW says.

Importing it, which a kind of job of the live settings does, sets the wall clock of
this process and of all that it forks; the clock that only counts is left as it is, as
when an operator or NTP sets a machine's time.
"""

import os
import threading
from pathlib import Path
from time import monotonic, sleep, time

import time_machine

from tests.support.handlers import steps as steps

LOOK_EVERY_S = 0.1
# What counts on is not set, and so tells the time that it really is.
_apart_s = time() - monotonic()


def _asked() -> float:
    try:
        return float(Path(os.environ["CLOCK_SKEW"]).read_text() or "0")
    except FileNotFoundError:
        return 0.0


def _follow() -> None:
    seen = _asked()
    while True:
        if (now := _asked()) != seen:
            seen = now
            _travel.move_to(monotonic() + _apart_s + seen)
        sleep(LOOK_EVERY_S)


def _start() -> None:
    threading.Thread(target=_follow, name="skewed clock", daemon=True).start()


_travel = time_machine.travel(monotonic() + _apart_s + _asked(), tick=True).start()
_start()
os.register_at_fork(after_in_child=_start)
