"""Telling the runner elsewhere of revisions that nobody uploaded, such as due ones."""

from registry import elsewhere
from registry.errors import RefreshFailed
from registry.jobs.work import Steps
from tasks.engine.run import Run
from tasks.errors import WorkFailed


def refresh_runner(run: Run) -> Steps:
    """Call the runner's refresh, again after a while if it fails."""
    yield run.step(total=1)
    try:
        elsewhere.refresh(on_open=run.on_stop)
    except RefreshFailed as error:
        raise WorkFailed("refresh", str(error), temporary=True) from None
    return None
