"""The file of a finished task, or why there is none."""

from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request

from exports.dialects.fetchtozip import wire
from exports.dialects.fetchtozip.refusals import Refusal
from exports.models import ExportTask
from tasks.archive.store import Missing
from tasks.archive.stored import store
from tasks.dialects.files import artifact_reply
from tasks.models import Artifact
from tasks.states import JobState


def file_of(request: Request, task: ExportTask) -> HttpResponseBase:
    """Send a task's file, or the part of it that is asked for.

    Raises:
        Refusal: there is none yet, there will be none, or there is none any more.
    """
    artifact = _artifact_of(task)
    try:
        store().size(artifact.digest)  # HEAD, too, says when it is gone
        reply = artifact_reply(
            request, artifact, name=task.download_name(artifact), inline=False
        )
    except Missing:
        raise Refusal(404, wire.NO_FILE) from None
    reply["Cache-Control"] = "private"
    return reply


def _artifact_of(task: ExportTask) -> Artifact:
    if task.job.state == JobState.FAILED:
        raise Refusal(500, wire.task_failed(task))
    if task.job.state != JobState.SUCCEEDED:
        raise Refusal(409, wire.not_completed(task))
    if task.expires_at is not None and task.expires_at <= timezone.now():
        raise Refusal(404, wire.expired(task.expires_at))
    if task.artifact is None:
        raise Refusal(404, wire.NO_FILE)
    return task.artifact
