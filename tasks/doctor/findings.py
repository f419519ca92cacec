"""What a check finds: all is well, a doubt, or a fault."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

# Returns what it has seen, in a sentence, or raises one of the three below.
Check = Callable[[], str]
log = logging.getLogger(__name__)


class State(StrEnum):
    OK = "ok"
    UNUSED = "unused"  # no setting asks for it
    DOUBT = "doubt"  # it works, and may not for long, or not everywhere
    FAULT = "fault"  # it does not work, or is not safe


class Unused(Exception):
    """No setting asks for it."""


class Doubt(Exception):
    """It works, and may not for long, or not everywhere."""


class Fault(Exception):
    """It does not work, or is not safe."""


@dataclass(frozen=True)
class Finding:
    name: str
    state: State
    message: str


def examine(checks: Mapping[str, Check]) -> Iterator[Finding]:
    """Make all checks in turn, whatever becomes of those before."""
    for name, check in checks.items():
        yield Finding(name, *_look(check))


def _look(check: Check) -> tuple[State, str]:
    try:
        return State.OK, check()
    except Unused as why:
        return State.UNUSED, str(why)
    except Doubt as why:
        return State.DOUBT, str(why)
    except Fault as why:
        return State.FAULT, str(why)
    except Exception as error:
        log.debug("check failed", exc_info=error)
        first_line = str(error).partition("\n")[0]
        return State.FAULT, f"{type(error).__name__}: {first_line}"
