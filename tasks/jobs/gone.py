"""The end of a job whose task was deleted, or goes on without it."""

from tasks.engine.run import Run
from tasks.errors import WorkFailed


def task_gone(run: Run) -> WorkFailed:
    """Return what to raise; who deletes a task has cancelled its jobs before."""
    run.lease.look()  # so that a cancel counts as one, not as this failure
    return WorkFailed("task_gone", "The task was deleted, or does without this job.")
