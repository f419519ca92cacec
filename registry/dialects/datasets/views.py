"""A revision's files, to whoever its findability lets read them."""

from functools import partial

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from registry import services
from registry.dialects.negotiation import OneForm
from registry.dialects.ownership import is_owner
from registry.errors import NoSuchRevision
from tasks.archive.download import file_reply
from tasks.archive.names import media_type
from tasks.archive.store import Missing
from tasks.archive.stored import store


class File(APIView):
    content_negotiation_class = OneForm

    def get(
        self, request: Request, owner: str, dataset: str, revision: str, file: str
    ) -> HttpResponseBase:
        try:
            output = services.find_output(
                owner=owner,
                dataset=dataset,
                word=revision,
                path=file,
                is_owner=lambda: is_owner(request, owner),
            )
        except NoSuchRevision as error:
            return _not_found(str(error))
        artifact = output.artifact
        try:
            return file_reply(
                request._request,  # noqa: SLF001 - the reply speaks plain Django
                open_file=partial(
                    store().open, artifact.digest, size=artifact.size_bytes
                ),
                size=artifact.size_bytes,
                digest=artifact.digest,
                # The path's, as an artifact may have been made under another name.
                name=file.rpartition("/")[2],
                media_type=media_type(file),
                modified_at=artifact.created_at,
                inline=True,
            )
        except Missing:
            return _not_found("This file is no longer kept.")

    head = get


def _not_found(why: str) -> JsonResponse:
    return JsonResponse({"error": "Not Found", "message": why}, status=404)
