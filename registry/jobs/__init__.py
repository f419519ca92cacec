"""The handlers of the registry's jobs."""

from collections.abc import Callable

from registry.jobs.bundle import make_package, make_zip
from registry.jobs.compare import compare_tables as compare_tables
from registry.jobs.copy import make_copy
from registry.jobs.deliver import deliver_event as deliver_event
from registry.jobs.incident import report_incident as report_incident
from registry.jobs.publish import publish_revision as publish_revision
from registry.jobs.refresh import refresh_runner as refresh_runner
from registry.jobs.report import make_report
from registry.jobs.tables import make_preview, make_table
from registry.jobs.work import Steps, Work
from registry.plan import PipelineKind
from tasks.engine.run import Effect, Run

MAKERS: dict[PipelineKind, Callable[[Work], Steps]] = {
    PipelineKind.COPY: make_copy,
    PipelineKind.CSV: make_table,
    PipelineKind.JSON: make_table,
    PipelineKind.VALIDATE: make_report,
    PipelineKind.PREVIEW: make_preview,
    PipelineKind.ZIP: make_zip,
    PipelineKind.PACKAGE: make_package,
}


def run_pipeline(run: Run) -> Steps:
    """Make what the pipeline is for; its files become public as the job succeeds."""
    work = Work(run)
    effect: Effect | None = yield from MAKERS[PipelineKind(work.pipeline.kind)](work)
    return effect
