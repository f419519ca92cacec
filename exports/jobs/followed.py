"""Work of the plane of events, as the steps of a job."""

from collections.abc import Generator
from typing import TypeVar

from exports import events
from tasks.engine.run import Effect, Run, Step

R = TypeVar("R")
Steps = Generator[Step, None, Effect | None]


def followed(
    run: Run, work: events.Steps[R], *, total: int | None = None
) -> Generator[Step, None, R]:
    """Do the work, telling the rows that are done; return what it made."""
    for rows in work:
        yield run.step(done=rows, total=total, rows=rows)
    return work.result
