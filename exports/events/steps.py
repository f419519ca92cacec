"""Long work cut into steps, so that a job can report, yield and be cancelled."""

from collections.abc import Callable, Generator, Iterator
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

R = TypeVar("R")
P = ParamSpec("P")

Work = Generator[int, None, R]  # yields the rows that are done, returns what it made


class Steps(Generic[R]):
    """Iterate to the end, then take the result; or finish it at one go."""

    result: R

    def __init__(self, work: Work[R]) -> None:
        self._work = work

    def __iter__(self) -> Iterator[int]:
        self.result = yield from self._work

    def finish(self) -> R:
        for _ in self:
            pass
        return self.result


def in_steps(work: Callable[P, Work[R]]) -> Callable[P, Steps[R]]:
    """Make a generator function return Steps."""

    @wraps(work)
    def begun(*args: P.args, **kwargs: P.kwargs) -> Steps[R]:
        return Steps(work(*args, **kwargs))

    return begun
