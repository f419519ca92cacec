"""The spec store's endpoints: parse, one service call, reply (contract 001)."""

from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.views import APIView

from registry import elsewhere, incidents, services
from registry.dialects.specstore import wire
from registry.errors import (
    NoSuchRevision,
    NotAuthorised,
    QuotaExceeded,
    RefreshFailed,
)
from registry.models import Revision, Runner
from registry.spec import SpecError, dataset_of, owner_of
from registry.tokens import read_token, token_text
from registry.told import tell
from tasks.dialects.cors import CorsMixin
from tasks.dialects.json_body import BadJson, BodyTooLarge, read_json
from tasks.dialects.making import MakesWork, answer_of
from tasks.dialects.negotiation import OneForm
from tasks.errors import Refused, TooManyJobs
from tasks.idempotency import Asked, BadKey, KeyInUse, KeyReused, amend

KEY_FAULTS: dict[type[Exception], int] = {BadKey: 400, KeyInUse: 409, KeyReused: 422}


class SpecstoreView(CorsMixin, APIView):
    content_negotiation_class = OneForm
    cors_headers = "auth-token"

    def options(  # type: ignore[override] # a preflight has no DRF reply
        self, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Answer a preflight; a page that uploads JSON asks for its type as well."""
        reply = super().options(request, *args, **kwargs)
        asked = request.headers.get("Access-Control-Request-Headers", "").lower()
        if "content-type" in asked:
            reply["Access-Control-Allow-Headers"] += ", content-type"
        return reply

    def reply(self, body: dict[str, Any], status: int = 200) -> HttpResponse:
        text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        return HttpResponse(text, status=status, content_type="application/json")


class Info(SpecstoreView):
    def get(
        self, request: Request, owner: str, dataset: str, revision: str
    ) -> HttpResponse:
        try:
            found = tell(owner=owner, dataset=dataset, word=revision)
        except NoSuchRevision:
            return self.reply({"error": "Not Found"}, status=404)
        return self.reply(wire.info(found))


class Upload(MakesWork, SpecstoreView):
    def post(self, request: Request) -> HttpResponse:
        try:
            contents = read_json(request)
        except BadJson as error:
            return self.reply(wire.refused([str(error)]), status=400)
        except BodyTooLarge as error:
            return self.reply(wire.refused([str(error)]), status=413)
        if contents is None:
            return self.reply(wire.refused([wire.EMPTY]))
        try:
            owner = owner_of(contents)
            token = read_token(token_text(request)).of(owner)
        except SpecError as error:
            return self.reply(wire.refused(error.errors))
        except NotAuthorised:
            return self.reply(wire.refused([wire.NOT_AUTHORISED]))
        return self._upload_once(contents, owner=owner, most=token.max_datasets)

    def handle_exception(self, exc: Exception) -> Any:
        status = KEY_FAULTS.get(type(exc))
        if status is None:
            return super().handle_exception(exc)
        reply = self.reply(wire.refused([str(exc)]), status=status)
        if isinstance(exc, KeyInUse):
            reply["Retry-After"] = str(exc.retry_after_s)
        return reply

    def _upload_once(
        self, contents: dict[str, Any], *, owner: str, most: int
    ) -> HttpResponse:
        asked = self.asked_once(scope=f"owner:{owner}")
        made: list[Revision] = []

        def act() -> HttpResponse:
            return self._upload(contents, made, owner=owner, most=most)

        reply = self.once(asked, act, made=lambda: bool(made))
        for revision in made:
            reply = self._refreshed(revision, reply, asked)
        return reply

    def _upload(
        self,
        contents: dict[str, Any],
        made: list[Revision],
        *,
        owner: str,
        most: int,
    ) -> HttpResponse:
        name = dataset_of(contents)
        dataset_id = f"{owner}/{name}" if name else None
        try:
            revision = services.upload(
                contents=contents, max_datasets=most, at=timezone.now()
            )
        except SpecError as error:
            return self.reply(wire.refused(error.errors, dataset_id=dataset_id))
        except NotAuthorised:
            return self.reply(wire.refused([wire.NOT_AUTHORISED]))
        except QuotaExceeded as error:
            return self.reply(wire.refused([str(error)], dataset_id=dataset_id))
        except Refused as error:
            status = 429 if isinstance(error, TooManyJobs) else 503
            body = wire.refused([str(error)], dataset_id=dataset_id)
            reply = self.reply(body, status=status)
            reply["Retry-After"] = str(error.retry_after_s)
            return reply
        made.append(revision)
        return self._accepted(revision, errors=[])

    def _refreshed(
        self, revision: Revision, reply: HttpResponse, asked: Asked | None
    ) -> HttpResponse:
        """Have a runner elsewhere look for the revision, now that it is saved."""
        try:
            elsewhere.refresh()
        except RefreshFailed as error:
            errors = [str(error)]
            incidents.not_started(str(revision.dataset), errors)
            reply = self._accepted(revision, errors=errors)
            amend(asked, answer_of(reply, made=True))
        return reply

    def _accepted(self, revision: Revision, *, errors: list[str]) -> HttpResponse:
        url, request = None, self.request
        if revision.runner == Runner.EXTERNAL:
            origin = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
            url = elsewhere.callback_url(revision, origin=origin)
        return self.reply(wire.accepted(revision, errors=errors, callback_url=url))
