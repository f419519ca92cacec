"""Pipelines follow their jobs, revisions follow their pipelines, in one transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from registry import events
from registry.models import Pipeline, Revision, Runner
from registry.states import ENDED, RunState, revision_state
from tasks import services
from tasks.models import Job
from tasks.states import JobState

JOB_KIND = "registry.pipeline"
LOG_LINES = 100


def pipeline_moved(job: Job) -> None:
    """Carry a job's new state over to its pipeline; called as the job moves."""
    pipeline = Pipeline.objects.select_related("revision").filter(job=job).first()
    if pipeline is None:
        return  # Its revision was deleted, and the job must end all the same.
    revision = _locked(pipeline.revision_id)
    match JobState(job.state):
        case JobState.QUEUED:
            _queued_again(pipeline, job)
        case JobState.INPROGRESS:
            begin(pipeline)
        case JobState.SUCCEEDED:
            end(pipeline, RunState.SUCCEEDED, errors=[])
        case JobState.FAILED:
            end(pipeline, RunState.FAILED, errors=job.error.splitlines())
        case JobState.CANCELLED:
            end(pipeline, RunState.FAILED, errors=["Cancelled"])
    settle(revision)


def _locked(revision_id: int) -> Revision:
    """Read a revision under its lock, for all that is computed from its pipelines."""
    # Not for the key: adding an output takes a lock on the key first, and two that
    # did so would wait for each other.
    rows = Revision.objects.select_for_update(no_key=True)
    return rows.get(pk=revision_id)


def begin(pipeline: Pipeline, *, changed: Iterable[str] = ()) -> None:
    pipeline.state = RunState.INPROGRESS
    pipeline.reported = True
    pipeline.started_at = pipeline.started_at or timezone.now()
    pipeline.save(update_fields=["state", "reported", "started_at", *changed])


def end(
    pipeline: Pipeline,
    state: RunState,
    *,
    errors: list[str],
    changed: Iterable[str] = (),
) -> None:
    pipeline.state = state
    pipeline.reported = True
    pipeline.error_log = errors or None
    pipeline.finished_at = timezone.now()
    saved = {"state", "reported", "error_log", "finished_at", *changed}
    pipeline.save(update_fields=saved)
    if state is RunState.FAILED:
        fail_dependants(pipeline)


def fail_dependants(failed: Pipeline) -> None:
    """Fail all that can now never run, and what waits for that in turn.

    The sentence is the contract's (3.1.6), missing blank and all.
    """
    waiting = failed.revision.pipelines.filter(state=RunState.QUEUED)
    for pipeline in waiting.in_order():
        # A cascade may have ended it since it was read.
        if failed.pipeline_id in needs_of(pipeline) and _still_queued(pipeline):
            sentence = (
                "Dependency unsuccessful. Cannot run until dependency "
                f'"{failed.pipeline_id}" is successfullyexecuted'
            )
            end(pipeline, RunState.FAILED, errors=[sentence])


def _still_queued(pipeline: Pipeline) -> bool:
    return Pipeline.objects.filter(pk=pipeline.pk, state=RunState.QUEUED).exists()


def needs_of(pipeline: Pipeline) -> set[str]:
    """All pipelines it cannot do without: the contract's and our own runner's."""
    named = {one.removeprefix("./") for one in pipeline.dependencies}
    ours = pipeline.revision.runner == Runner.INTERNAL
    return {*named, *pipeline.needs} if ours else named


def _queued_again(pipeline: Pipeline, job: Job) -> None:
    """Undo a failure that staff lets run again, with all that failed by it.

    A job that waits for its next try after a temporary error goes on counting as
    in progress: a client never sees a state move backwards.
    """
    if pipeline.state not in ENDED:
        return
    never_ran = pipeline.revision.pipelines.filter(state=RunState.FAILED, job=None)
    needs = {one.pipeline_id: needs_of(one) for one in never_ran}
    reopened: set[str] = set()
    found = {pipeline.pipeline_id}
    while found:
        reopened |= found
        found = {id_ for id_, of in needs.items() if of & found} - reopened
    pipeline.revision.pipelines.filter(pipeline_id__in=reopened).update(
        state=RunState.QUEUED, error_log=None, finished_at=None
    )
    # What another failure still prevents must not wait for ever.
    for failed in pipeline.revision.pipelines.failed_by_themselves():
        fail_dependants(failed)


def settle(revision: Revision, *, changed: Iterable[str] = ()) -> None:
    """Start what has become ready, compute the revision's state anew, tell its end.

    `changed` names what else the caller has changed of its row, to be saved with it.
    """
    start_ready(revision)
    states = revision.pipelines.values_list("state", flat=True).distinct()
    state = revision_state(RunState(one) for one in states)
    at = timezone.now()
    ends = state in ENDED and revision.state not in ENDED
    revision.state = state
    revision.modified_at = at
    revision.finished_at = at if state in ENDED else None
    changed = {"state", "modified_at", "finished_at", *changed}
    # A runner elsewhere has its own say about the errors.
    if revision.runner == Runner.INTERNAL:
        revision.error_log = _errors(revision) if RunState.FAILED in states else []
        changed.add("error_log")
    revision.save(update_fields=changed)
    if ends:
        events.announce(revision, at=at)


def _errors(revision: Revision) -> list[str]:
    """Collect what went wrong: causes, not what merely followed from them."""
    failed = revision.pipelines.failed_by_themselves()
    return [line for one in failed for line in one.error_log or []]


def start_ready(revision: Revision, *, admit: bool = False) -> None:
    """Queue a job for each pipeline whose needs are all met.

    `admit` asks for room first, as for work that is new to the service. What runs
    elsewhere has no jobs.
    """
    if revision.runner != Runner.INTERNAL:
        return
    states = dict(revision.pipelines.values_list("pipeline_id", "state"))
    waiting = revision.pipelines.filter(state=RunState.QUEUED, job=None)
    client = revision.dataset.client
    for pipeline in waiting.in_order():
        if all(states.get(need) == RunState.SUCCEEDED for need in pipeline.needs):
            pipeline.job = services.enqueue(
                JOB_KIND,
                client=client,
                params={"pipeline": pipeline.pk},
                lane=f"registry:{client.pk}",
                internal=not admit,
            )
            pipeline.save(update_fields=["job"])


def report(
    pipeline: Pipeline, *, stats: dict[str, Any], lines: list[str], at: datetime
) -> None:
    """Take a pipeline's stats and log; its revision shows the newest of both.

    The log of a revision goes on from one pipeline to the next, and keeps the last
    hundred lines, as many as the original's runner sent.
    """
    Pipeline.objects.filter(pk=pipeline.pk).update(stats=stats)
    revision = _locked(pipeline.revision_id)
    revision.logs = [*(revision.logs or []), *lines][-LOG_LINES:]
    revision.stats = stats
    revision.modified_at = at
    revision.save(update_fields=["logs", "stats", "modified_at"])
