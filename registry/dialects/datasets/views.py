"""A revision's files, to whoever its findability lets read them."""

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from registry import services
from registry.dialects.ownership import is_owner
from registry.errors import NoSuchRevision
from tasks.archive.store import Missing
from tasks.dialects.files import artifact_reply
from tasks.dialects.negotiation import OneForm


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
        try:
            name = file.rpartition("/")[2]
            return artifact_reply(
                request, output.artifact, name=name, may_redirect=True
            )
        except Missing:
            return _not_found("This file is no longer kept.")

    head = get


def _not_found(why: str) -> JsonResponse:
    return JsonResponse({"error": "Not Found", "message": why}, status=404)
