"""Callbacks: what a runner elsewhere says of its pipelines (contract 3.1.6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from registry import follow
from registry.errors import NoSuchPipeline
from registry.models import Pipeline, Revision, RevisionQuerySet
from registry.plan import ID_MAX
from registry.states import ENDED, RunState

# More of them in one round wait for the next.
BATCH = 200
# The large columns are only written here, and a runner waits for the answer.
NEEDED = ("number", "state", "runner", "dataset__owner", "dataset__name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One message of a runner's; what it did not say is empty."""

    pipeline_id: str  # without the leading ./
    state: RunState  # that the message puts the pipeline in
    log: list[str]
    errors: list[str]
    stats: dict[str, Any]


@transaction.atomic
def take(callback: Callback, *, among: RevisionQuerySet, at: datetime) -> Revision:
    """Move a pipeline on by what its runner said; return its revision as it then is.

    Late, repeated and disordered messages move nothing backwards, and what is said of
    a pipeline that has ended changes nothing. `among` is what the caller may know of.

    Raises:
        NoSuchPipeline: none such runs elsewhere; its revision may have ended.
    """
    revision = _locked(callback.pipeline_id, among)
    pipeline = revision.pipelines.get(pipeline_id=callback.pipeline_id)
    revision.heard_at = at
    if pipeline.state in ENDED:
        revision.save(update_fields=["heard_at"])
        return revision
    _move(pipeline, callback)
    shown = _show(revision, callback)
    follow.settle(revision, changed=["heard_at", *shown])
    return revision


def _locked(pipeline_id: str, among: RevisionQuerySet) -> Revision:
    # PostgreSQL fails on a NUL, which no id of ours has.
    if len(pipeline_id) > ID_MAX or "\0" in pipeline_id:
        raise NoSuchPipeline(pipeline_id)
    found = among.running_elsewhere().filter(pipelines__pipeline_id=pipeline_id)
    # Who had to wait for the lock finds the row as it is by then, or none if the
    # revision has ended.
    rows = found.select_for_update(no_key=True, of=("self",))
    revision = rows.select_related("dataset").only(*NEEDED).first()
    if revision is None:
        raise NoSuchPipeline(pipeline_id)
    return revision


def _move(pipeline: Pipeline, callback: Callback) -> None:
    """Move it on and keep what was said along with it; the last said counts."""
    pipeline.stats = callback.stats or pipeline.stats
    pipeline.error_log = callback.errors or pipeline.error_log
    said = ["stats", "error_log"]
    if callback.state in ENDED:
        errors = pipeline.error_log or []
        follow.end(pipeline, callback.state, errors=errors, changed=said)
    elif callback.state == RunState.INPROGRESS != pipeline.state:
        follow.begin(pipeline, changed=said)
    else:
        pipeline.reported = True
        pipeline.save(update_fields=["reported", *said])


def _show(revision: Revision, callback: Callback) -> list[str]:
    """Let the revision show what is not empty in place of what it showed before."""
    said = {
        "logs": callback.log,
        "error_log": callback.errors,
        "stats": callback.stats,
    }
    shown = {name: value for name, value in said.items() if value}
    for name, value in shown.items():
        setattr(revision, name, value)
    return list(shown)


def time_out_silent(*, at: datetime) -> None:
    """Fail what runs elsewhere and was not heard of for RUNNER_SILENT_S."""
    since = at - timedelta(seconds=settings.RUNNER_SILENT_S)
    silent = Revision.objects.running_elsewhere().silent_since(since)
    # Read first, as on SQLite even an idle round would else take the write lock.
    for pk in silent.order_by("pk").values_list("pk", flat=True)[:BATCH]:
        _time_out(pk, since=since, at=at)


@transaction.atomic
def _time_out(pk: int, *, since: datetime, at: datetime) -> None:
    silent = Revision.objects.running_elsewhere().silent_since(since)
    # Whoever holds it has heard of the runner just now, or is timing it out as well.
    rows = silent.select_for_update(no_key=True, skip_locked=True, of=("self",))
    revision = rows.select_related("dataset").filter(pk=pk).first()
    if revision is None:
        return
    sentence = (
        "Timed out: the runner was silent for more than "
        f"{settings.RUNNER_SILENT_S:g} seconds"
    )
    revision.pipelines.unended().update(
        state=RunState.FAILED, reported=True, error_log=[sentence], finished_at=at
    )
    revision.error_log = [sentence]
    follow.settle(revision, changed=["error_log"])
