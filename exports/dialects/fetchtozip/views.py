"""The endpoints of contract 3.4.1: parse, one service call, reply."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from exports import services
from exports.dialects.fetchtozip import wire
from exports.dialects.fetchtozip.auth import caller_of
from exports.dialects.fetchtozip.bodies import (
    read_configuration,
    read_input,
    read_inputs,
)
from exports.dialects.fetchtozip.download import file_of
from exports.dialects.fetchtozip.refusals import Refusal, refusal_of
from exports.preview import preview_export
from exports.turns import one_of_few
from tasks.dialects.cors import CorsMixin
from tasks.dialects.making import MakesWork
from tasks.dialects.negotiation import OneForm
from tasks.models import Client


class ExportView(CorsMixin, APIView):
    cors_headers = "authorization, content-type"
    content_negotiation_class = OneForm  # JSON whatever `Accept` says

    def handle_exception(self, exc: Exception) -> Any:
        refusal = refusal_of(exc)
        if refusal is None:
            return super().handle_exception(exc)
        reply = self.reply({"detail": refusal.detail}, status=refusal.status)
        # Else Django logs the contract's 500 for a failed task as a fault of ours.
        reply._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        for name, value in refusal.headers.items():
            reply[name] = value
        if refusal.status == 405:
            reply["Allow"] = ", ".join(self.allowed_methods)
        return reply

    def caller(self) -> Client:
        return caller_of(self.request.headers.get("Authorization"))

    def reply(self, body: Any, *, status: int = 200) -> HttpResponse:
        return HttpResponse(
            wire.dumps(body), status=status, content_type="application/json"
        )


class Inputs(ExportView):
    def post(self, request: Request) -> HttpResponse:
        client, one = self.caller(), read_input(request)
        if one.name is None:
            raise Refusal(400, wire.NO_NAME)
        services.save_inputs(client=client, inputs=[one])
        return self.reply(wire.saved_input(one))


class BulkInputs(ExportView):
    def post(self, request: Request) -> HttpResponse:
        client, inputs = self.caller(), read_inputs(request)
        if not inputs:
            raise Refusal(400, wire.NO_LIST)
        saved = services.save_inputs(client=client, inputs=inputs)
        return self.reply(wire.saved_inputs(saved))


class InputsList(ExportView):
    def get(self, request: Request) -> HttpResponse:
        inputs = services.list_inputs(client=self.caller())
        return self.reply(wire.listed(inputs))


class InputsClear(ExportView):
    def delete(self, request: Request) -> HttpResponse:
        services.clear_inputs(client=self.caller())
        return self.reply(wire.cleared())


class Configure(ExportView):
    def post(self, request: Request) -> HttpResponse:
        client, configuration = self.caller(), read_configuration(request)
        services.configure(client=client, configuration=configuration)
        return self.reply(wire.configured(configuration))


class Preview(ExportView):
    def post(self, request: Request) -> HttpResponse:
        client, configuration = self.caller(), read_configuration(request)
        wanted = services.draft(client=client, configuration=configuration)
        with one_of_few():
            shown = preview_export(
                wanted.configuration,
                wanted.inputs,
                secrets={},  # they are still in the configuration
                policy=settings.OUTBOUND,
            )
        return self.reply(shown)


class Start(MakesWork, ExportView):
    def post(self, request: Request) -> HttpResponse:
        """Start with what was set up before; a body, if there is one, says nothing."""
        client = self.caller()
        asked = self.asked_once(scope=f"client:{client.pk}")
        return self.once(asked, lambda: self._start(client))

    def _start(self, client: Client) -> HttpResponse:
        return self.reply(wire.started(services.start(client=client)))


class Status(ExportView):
    def get(self, request: Request, task_id: str) -> HttpResponse:
        task = services.find_task(client=self.caller(), task_id=task_id)
        return self.reply(wire.status(task.pk, task.job))


class Cancel(ExportView):
    def delete(self, request: Request, task_id: str) -> HttpResponse:
        task = services.cancel(client=self.caller(), task_id=task_id)
        return self.reply(wire.cancelling(task.pk))


class Download(ExportView):
    def get(self, request: Request, task_id: str) -> HttpResponseBase:
        task = services.find_task(client=self.caller(), task_id=task_id)
        return file_of(request, task)


class NotFound(ExportView):
    """What is below /api/export and none of the above."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        reply = self.reply({"detail": "Not Found"}, status=404)
        self.headers = self.default_response_headers
        return self.finalize_response(request, reply)
