"""The permanent pages of results that are websites (contract 004, decision 6)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from tasks.archive.handing import stored_reply
from tasks.archive.store import Missing
from tasks.archive.stored import store
from tasks.collecting.website import find_page
from tasks.models import Artifact
from tasks.processors.website import headers_of

METHODS = ["GET", "HEAD"]
GONE = "There is no such page, or no longer.\n"


def page(request: HttpRequest, task_id: UUID, path: str) -> HttpResponseBase:
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    # No path has a NUL, and PostgreSQL cannot even be asked for one.
    artifact = None if "\0" in path else find_page(task_id=task_id, path=path)
    reply = _send(request, artifact, path) if artifact else None
    if reply is None:
        return HttpResponse(GONE, status=404, content_type="text/plain; charset=utf-8")
    return reply


def _send(
    request: HttpRequest, artifact: Artifact, path: str
) -> HttpResponseBase | None:
    """Send a page as what its path says, whatever is in it; None if it is gone."""
    safe = headers_of(path)
    try:
        store().size(artifact.digest)
        reply = stored_reply(
            request,
            size=artifact.size_bytes,
            digest=artifact.digest,
            name=path,
            media_type=safe["Content-Type"],
            modified_at=artifact.created_at,
        )
    except Missing:
        return None
    # What a 304 or a 416 says nothing of stays unsaid.
    has_body = "Content-Type" in reply and reply.status_code in {200, 206}
    for name, value in safe.items():
        if has_body or name != "Content-Type":
            reply[name] = value
    # A task may be restarted, and its pages be others from then on.
    reply["Cache-Control"] = "no-cache"
    return reply
