"""The endpoints of contract 004: parse, one service call, reply."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from tasks import figures
from tasks.collecting import services
from tasks.dialects.common import wire
from tasks.dialects.common.auth import caller_of
from tasks.dialects.common.bodies import Batch, Wanted, read_batch, read_id, read_wanted
from tasks.dialects.common.refusals import Refusal, refusal_of
from tasks.dialects.common.results import result_reply, url_of_pages
from tasks.dialects.cors import CorsMixin
from tasks.dialects.making import MakesWork
from tasks.dialects.negotiation import OneForm
from tasks.models import Client, Phase, ResultType, Task

READ, WRITE = "read", "write"
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class CommonView(MakesWork, CorsMixin):
    content_negotiation_class = OneForm  # JSON whatever `Accept` says
    cors_headers = "authorization, content-type"

    def handle_exception(self, exc: Exception) -> Any:
        refusal = refusal_of(exc)
        if refusal is None:
            return super().handle_exception(exc)
        reply = self.reply(wire.refused(refusal.message), status=refusal.status)
        for name, value in refusal.headers.items():
            reply[name] = value
        if refusal.status == 405:
            reply["Allow"] = ", ".join(self.allowed_methods)
        return reply

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        reply = super().finalize_response(request, response, *args, **kwargs)
        if not reply.has_header("Cache-Control"):
            reply["Cache-Control"] = "no-store"
        return reply

    def caller(self, scope: str) -> Client:
        return caller_of(self.request, scope=scope)

    def find(self) -> Task:
        """Return the caller's task that the query names."""
        client = self.caller(READ)
        return services.find_task(client=client, task_id=read_id(self.request.GET))

    def url(self, path: str) -> str:
        request = self.request
        origin = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
        return f"{origin}{path}"

    def reply(self, body: Any, *, status: int = 200) -> HttpResponse:
        return HttpResponse(
            wire.dumps(body), status=status, content_type="application/json"
        )


class Tasks(CommonView):
    def post(self, request: Request) -> HttpResponse:
        client = self.caller(WRITE)
        asked = self.asked_once(scope=f"client:{client.pk}")
        wanted = read_wanted(request)
        return self.once(asked, lambda: self._create(client, wanted))

    def _create(self, client: Client, wanted: Wanted) -> HttpResponse:
        task = services.create_task(
            client=client, processor=wanted.processor, on_failure=wanted.on_failure
        )
        told = wire.created(
            task,
            attributes=settings.TASK_ATTRIBUTES,
            assets_per_batch=settings.TASK_ASSETS_PER_BATCH,
        )
        return self.reply(told)

    def get(self, request: Request) -> HttpResponse:
        task = self.find()
        url = self.url(wire.result_path(task.pk))
        strict = settings.TASKS_STRICT_STATUS
        return self.reply(wire.status(task, result_url=url, strict=strict))

    def delete(self, request: Request) -> HttpResponse:
        client = self.caller(WRITE)
        services.delete_task(client=client, task_id=read_id(request.GET))
        return self.reply(wire.envelope())


class Assets(CommonView):
    def post(self, request: Request) -> HttpResponse:
        client = self.caller(WRITE)
        asked = self.asked_once(scope=f"client:{client.pk}")
        batch = read_batch(request)
        return self.once(asked, lambda: self._announce(client, batch))

    def _announce(self, client: Client, batch: Batch) -> HttpResponse:
        services.announce(
            client=client, task_id=batch.task_id, assets=batch.assets, last=batch.last
        )
        return self.reply(wire.envelope())


class Start(CommonView):
    def post(self, request: Request) -> HttpResponse:
        """Say that all assets are sent; twice is once, so no key is asked for."""
        client = self.caller(WRITE)
        services.start(client=client, task_id=read_id(request.GET))
        return self.reply(wire.envelope())


class Result(CommonView):
    def get(self, request: Request) -> HttpResponseBase:
        task = self.find()
        if task.phase != Phase.COMPLETED:
            raise Refusal(409, wire.not_completed(task))
        if task.result_type != ResultType.WEBSITE:
            return result_reply(request, task)
        url = self.url(url_of_pages(task))
        reply = self.reply(wire.website(url))
        reply["Location"] = url
        return reply


class Status(CommonView):
    def get(self, request: Request) -> HttpResponse:
        text = wire.metrics(pending=figures.pending_tasks())
        return HttpResponse(text, content_type=EXPOSITION)


class NotFound(CommonView):
    """What is below /api/v1 and none of the above."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        reply = self.reply(wire.refused(wire.NOT_FOUND), status=404)
        self.headers = self.default_response_headers
        return self.finalize_response(request, reply)
