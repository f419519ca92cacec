"""What answers at once: the list, cancel and retry; a job as it is, its events."""

from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from tasks import lookup, services
from tasks.dialects.cors import CorsMixin
from tasks.dialects.jobs import paging, query, told, wire
from tasks.dialects.jobs.auth import caller_of
from tasks.dialects.jobs.problems import CONTENT_TYPE, Problem, problem_of
from tasks.dialects.making import MakesWork
from tasks.dialects.negotiation import OneForm
from tasks.errors import JobMoved
from tasks.models import Client, Job

LIST = ("state", "kind", "since", "until", "limit", "after")
NOTHING_TO_RETRY = "The job is {state}: only a failed or cancelled one can be retried."
NOT_SAFE = "A job of kind {kind} is never done again at a client's word."
ENDED = "The job has ended; it is {state}."


class JobsView(MakesWork, CorsMixin):
    content_negotiation_class = OneForm
    cors_headers = "authorization, content-type, last-event-id, prefer"

    def handle_exception(self, exc: Exception) -> Any:
        problem = problem_of(exc)
        if problem is None:
            return super().handle_exception(exc)
        reply = HttpResponse(
            problem.body(instance=self.request.path),
            status=problem.status,
            headers={"Content-Type": CONTENT_TYPE, **problem.headers},
        )
        if problem.status == 405:
            reply["Allow"] = ", ".join(self.allowed_methods)
        return reply

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        reply = super().finalize_response(request, response, *args, **kwargs)
        reply["Cache-Control"] = "no-store"
        return reply

    def caller(self) -> Client:
        return caller_of(self.request.headers.get("Authorization"))

    def find(self, job_id: str) -> Job:
        return lookup.find_job(client=self.caller(), job_id=job_id)

    def reply(self, body: Any, *, status: int = 200) -> HttpResponse:
        text = orjson.dumps(body)
        return HttpResponse(text, status=status, content_type="application/json")


class Jobs(JobsView):
    def get(self, request: Request) -> HttpResponse:
        client = self.caller()
        fields = query.query_of(request)
        query.check(fields, known=LIST)
        after = fields.get("after")
        page = lookup.list_jobs(
            client=client,
            wanted=query.read_wanted(fields),
            after=None if after is None else paging.read("after", after),
            limit=query.read_limit(fields),
        )
        results = lookup.results_of(page.rows)
        jobs = [wire.summary(job, result=results.get(job.pk)) for job in page.rows]
        return self.reply({"jobs": jobs, "next": paging.write(page.last)})


class OneJob(JobsView):
    def get(self, request: Request, job_id: str) -> HttpResponse:
        """Tell of a job at once: for HEAD, and for a server without waiting doors."""
        return self.reply(told.tell(self.find(job_id)))

    def delete(self, request: Request, job_id: str) -> HttpResponse:
        job = self.find(job_id)
        try:
            services.cancel(job)
        except JobMoved:
            job.refresh_from_db()
            state = {"state": job.state}
            raise Problem(409, ENDED.format(**state), more=state) from None
        return self.reply(told.tell(job), status=202)


class Events(JobsView):
    def get(self, request: Request, job_id: str) -> HttpResponse:
        """Tell of events at once: for HEAD, and for a server without waiting doors."""
        job = self.find(job_id)
        fields = query.query_of(request)
        return self.reply(told.events(job, fields, request.headers))


class Retry(JobsView):
    def post(self, request: Request, job_id: str) -> HttpResponse:
        client = self.caller()
        asked = self.asked_once(scope=f"client:{client.pk}")
        return self.once(asked, lambda: self._retry(client, job_id))

    def _retry(self, client: Client, job_id: str) -> HttpResponse:
        job = lookup.find_job(client=client, job_id=job_id)
        if job.kind not in settings.CLIENTS_RETRY:
            raise Problem(409, NOT_SAFE.format(kind=job.kind), more={"kind": job.kind})
        try:
            services.retry(job, admit=True)
        except JobMoved:
            job.refresh_from_db()
            state = {"state": job.state}
            raise Problem(409, NOTHING_TO_RETRY.format(**state), more=state) from None
        return self.reply(told.tell(job), status=202)
