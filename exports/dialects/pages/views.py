"""The export page: one for people, and the requests that its script makes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View
from pydantic import ValidationError

from exports import errors, services
from exports.dialects.pages import told
from exports.dialects.pages.visitors import NotAllowed, Visitor, visitor_of
from exports.preview import preview_export
from exports.request import ExportRequest
from exports.request_faults import Fault, faults_of
from exports.turns import one_of_few
from tasks.archive.store import Missing
from tasks.archive.stored import store
from tasks.dialects import page
from tasks.dialects.files import artifact_reply
from tasks.dialects.json_body import BadJson, BodyTooLarge, raw_body
from tasks.errors import Refused

SIGN_IN = "You are not signed in any more. Load this page again to sign in."
UNKNOWN = "This session has started no such export."


class NewExport(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            visitor_of(request)
        except NotAllowed:
            return redirect(f"{reverse('admin:login')}?next={quote(request.path)}")
        url = request.GET.get("url", "")[:8000]
        reply = render(request, "exports/new.html", {"section": "export", "url": url})
        reply["Cache-Control"] = "private, no-store"  # of the form's secret
        return reply


class Faulty(Exception):
    """The request asks for what cannot be; `faults` say where."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


Wrong = Callable[[Any], list[told.Json]]
# What an error is to the page: a status, and what is wrong where.
REFUSALS: dict[type[Exception], tuple[int, Wrong]] = {
    NotAllowed: (403, lambda _: [told.wrong("", SIGN_IN)]),
    ValidationError: (422, told.of_validation),
    Faulty: (422, lambda error: told.of_faults(error.faults)),
    BadJson: (400, lambda error: [told.wrong("", str(error))]),
    BodyTooLarge: (413, lambda error: [told.wrong("", str(error))]),
    errors.NoSource: (422, lambda _: [told.wrong("source_url", "Give an address.")]),
    errors.TooManyInputs: (422, lambda error: [told.wrong("columns", str(error))]),
    errors.PreviewFailed: (422, lambda error: [told.of_preview(error)]),
    errors.NoSuchTask: (404, lambda _: [told.wrong("", UNKNOWN)]),
    errors.NotCancellable: (409, lambda error: [told.wrong("", str(error))]),
}


class Asked(View):
    """A request of the page's script, answered in JSON."""

    visitor: Visitor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self.visitor = visitor_of(request)
            return super().dispatch(request, *args, **kwargs)
        except Refused as error:
            wrong = [told.wrong("", f"{error} Try again in a moment.")]
            later = {"Retry-After": str(error.retry_after_s)}
            return JsonResponse({"errors": wrong}, status=503, headers=later)
        except tuple(REFUSALS) as error:
            status, wrong_of = REFUSALS[type(error)]
            return JsonResponse({"errors": wrong_of(error)}, status=status)


def _read(request: HttpRequest) -> ExportRequest:
    wanted = ExportRequest.model_validate_json(raw_body(request))
    faults = faults_of(
        wanted.configuration,
        databases=services.databases(),
        cluster=services.has_cluster(),
    )
    if found := list(faults):
        raise Faulty(found)
    if not services.has_source(wanted.configuration):
        raise errors.NoSource
    return wanted


class Preview(Asked):
    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = _read(request)
        with one_of_few():
            shown = preview_export(
                wanted.configuration,
                wanted.inputs,
                secrets={},  # they are still in the configuration
                policy=settings.OUTBOUND,
            )
        return JsonResponse(shown)


class Start(Asked):
    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = _read(request)
        task = services.start_with(client=self.visitor.client, request=wanted)
        self.visitor.remember(task)
        return JsonResponse({"id": task.pk}, status=201)


class OneExport(Asked):
    def get(self, request: HttpRequest, task_id: str) -> HttpResponse:
        return JsonResponse(told.export(self.visitor.find(task_id)))

    def delete(self, request: HttpRequest, task_id: str) -> HttpResponse:
        task = self.visitor.find(task_id)
        services.cancel(client=self.visitor.client, task_id=task.pk)
        return JsonResponse({}, status=202)


class File(View):
    """The file itself, which the browser is led to: its faults are pages."""

    def get(self, request: HttpRequest, task_id: str) -> HttpResponseBase:
        try:
            task = visitor_of(request).find(task_id)
        except (NotAllowed, errors.NoSuchTask):
            return page.stop(404, UNKNOWN)
        if task.artifact is None:
            return page.stop(404, "This export has no file, or none yet.")
        try:
            store().size(task.artifact.digest)  # HEAD, too, says when it is gone
            name = task.download_name(task.artifact)
            reply = artifact_reply(request, task.artifact, name=name, inline=False)
        except Missing:
            return page.stop(404, "The file of this export is no longer kept.")
        reply["Cache-Control"] = "private"
        return reply
