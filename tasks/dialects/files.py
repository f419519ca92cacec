"""The reply that hands out an artifact's file, for every door that has files."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from tasks.archive.handing import stored_reply
from tasks.archive.names import media_type
from tasks.models import Artifact


def artifact_reply(
    request: HttpRequest,
    artifact: Artifact,
    *,
    name: str,
    inline: bool = True,
    may_redirect: bool = False,
) -> HttpResponseBase:
    """Send the file under `name`: the artifact may have been made under another.

    Raises:
        Missing: the store no longer has it.
    """
    return stored_reply(
        # The reply speaks plain Django.
        request._request if isinstance(request, Request) else request,  # noqa: SLF001
        size=artifact.size_bytes,
        digest=artifact.digest,
        name=name,
        media_type=artifact.media_type if name == artifact.name else media_type(name),
        modified_at=artifact.created_at,
        inline=inline,
        may_redirect=may_redirect,
    )
