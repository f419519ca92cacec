"""What runs each step on a worker of the cluster, and knows if anybody waits."""

from collections.abc import Callable
from typing import Any

from distributed import get_worker

from exports.faults import faults_told


def run_step(shown: str, step: Callable[..., Any], *arguments: Any) -> Any:
    """Run a step. Raises WorkFailed, which says where, for all that is no bug."""
    with faults_told(shown):
        return step(*arguments)


def is_unwanted() -> bool:
    """Tell whether this thread's task was cancelled, or who asked for it has gone."""
    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state == "cancelled"
