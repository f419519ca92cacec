"""The states of a pipeline and its revision, and how the one follows the others."""

from collections.abc import Iterable

from django.db.models import TextChoices


class RunState(TextChoices):
    QUEUED = "queued", "Queued"  # planned; waits for its needs or for a worker
    INPROGRESS = "inprogress", "In progress"  # a worker or a runner has begun
    SUCCEEDED = "succeeded", "Succeeded"  # what it makes is there
    FAILED = "failed", "Failed"  # it, or what it needs, went wrong


ENDED = (RunState.SUCCEEDED, RunState.FAILED)


def revision_state(pipelines: Iterable[RunState]) -> RunState:
    """Compute a revision's state from its pipelines' (contract 3.1.6, state rules)."""
    states = set(pipelines)
    if RunState.INPROGRESS in states:
        return RunState.INPROGRESS
    if RunState.QUEUED in states:
        return RunState.INPROGRESS if states & set(ENDED) else RunState.QUEUED
    return RunState.FAILED if RunState.FAILED in states else RunState.SUCCEEDED
