"""What changed between two revisions: their specs, and their tables row by row."""

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from registry import history
from registry.dialects.history import wire
from registry.dialects.ownership import is_owner
from registry.errors import NoSuchRevision
from tasks.archive.store import Missing
from tasks.dialects.cors import CorsMixin
from tasks.dialects.files import artifact_reply
from tasks.dialects.negotiation import OneForm


class HistoryView(CorsMixin):
    content_negotiation_class = OneForm
    cors_headers = "auth-token, authorization"

    def reply(self, body: wire.Json, status: int = 200) -> HttpResponse:
        text = orjson.dumps(body)
        return HttpResponse(text, status=status, content_type="application/json")

    def not_found(self, why: str) -> HttpResponse:
        return self.reply({"error": "Not Found", "message": why}, status=404)


class Diff(HistoryView):
    def get(
        self, request: Request, owner: str, dataset: str, a: str, b: str
    ) -> HttpResponse:
        try:
            change = history.compare(
                owner=owner,
                dataset=dataset,
                before=a,
                after=b,
                is_owner=lambda: is_owner(request, owner),
            )
        except NoSuchRevision as error:
            return self.not_found(str(error))
        if change.retry_after_s is None:
            return self.reply(wire.changes(change))
        reply = self.reply(wire.changes(change), status=202)
        reply["Retry-After"] = str(change.retry_after_s)
        return reply


class ChangesFile(HistoryView):
    def get(  # noqa: PLR0913, PLR0917 - the parts of its path
        self,
        request: Request,
        owner: str,
        dataset: str,
        a: str,
        b: str,
        resource: str,
    ) -> HttpResponseBase:
        try:
            artifact = history.find_changes(
                owner=owner,
                dataset=dataset,
                before=a,
                after=b,
                resource=resource,
                is_owner=lambda: is_owner(request, owner),
            )
            name = f"{resource}-{a}-{b}.csv"
            return artifact_reply(request, artifact, name=name, may_redirect=True)
        except NoSuchRevision as error:
            return self.not_found(str(error))
        except Missing:
            return self.not_found("This file is no longer kept.")
