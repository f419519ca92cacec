"""The files that results are: a download, or a JSON body."""

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from tasks.archive.handing import stored_reply
from tasks.archive.names import OCTETS
from tasks.archive.store import Missing
from tasks.archive.stored import store
from tasks.dialects.common import wire
from tasks.dialects.common.refusals import Refusal
from tasks.models import Artifact, ResultType, Task

JSON = "application/json"


def result_reply(request: Request, task: Task) -> HttpResponseBase:
    """Send a result, or the part of it that is asked for.

    Raises:
        Refusal: it is no longer there.
    """
    artifact = kept_result(task)
    is_json = task.result_type == ResultType.JSON
    try:
        store().size(artifact.digest)  # HEAD, too, says when it is gone
        reply = stored_reply(
            request._request,  # noqa: SLF001 - the reply speaks plain Django
            size=artifact.size_bytes,
            digest=artifact.digest,
            name=artifact.name,
            media_type=JSON if is_json else OCTETS,  # contract 004
            modified_at=artifact.created_at,
            inline=is_json,
        )
    except Missing:
        raise Refusal(404, wire.GONE) from None
    reply["Cache-Control"] = "private"
    return reply


def kept_result(task: Task) -> Artifact:
    """Return the file of a completed task; raise Refusal, if it is gone."""
    if task.result is None:
        raise Refusal(404, wire.GONE)
    return task.result


def url_of_pages(task: Task) -> str:
    """Return where a website begins, without its origin."""
    return wire.page_path(task.pk, kept_result(task).name)
