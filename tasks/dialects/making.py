"""Views whose POSTs make work: done once for a key, and told of the client's quota."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from tasks import idempotency, quota
from tasks.dialects.json_body import BodyTooLarge
from tasks.idempotency import Answer, Asked

KEPT_HEADERS = ("Content-Type", "Location")


class MakesWork(APIView):
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with quota.noting() as noted:
            reply = super().dispatch(request, *args, **kwargs)
        if reply.status_code < 300 or reply.status_code == 429:
            later = reply.headers.get("Retry-After", "")
            for name, value in noted.headers(retry_after_s=later).items():
                reply[name] = value
        return reply

    def asked_once(self, *, scope: str) -> Asked | None:
        """Return what this request asks for once; None, if it has no key.

        Raises:
            BadKey: it has one that cannot be.
            BodyTooLarge: over MAX_BODY_MB.
        """
        request: HttpRequest = self.request
        key = request.headers.get(idempotency.HEADER)
        if key is None:
            return None
        route = f"{request.method} {request.path}"
        return idempotency.read(key, scope=scope, route=route, body=_body(request))

    def once(
        self,
        asked: Asked | None,
        act: Callable[[], HttpResponse],
        *,
        made: Callable[[], bool] = lambda: True,
    ) -> HttpResponse:
        """Reply as `act` does, or as it did; `made` tells whether it made work.

        Raises:
            KeyReused, KeyInUse: of tasks.idempotency.once.
        """
        if asked is None:
            return act()
        ours: list[HttpResponse] = []

        def answer() -> Answer:
            ours.append(act())
            return answer_of(ours[-1], made=made())

        kept = idempotency.once(asked, answer)
        if ours:
            return ours[-1]
        headers = {**kept.headers, **idempotency.REPLAYED}
        return HttpResponse(kept.body, status=kept.status, headers=headers)


def answer_of(reply: HttpResponse, *, made: bool) -> Answer:
    kept = {name: reply[name] for name in KEPT_HEADERS if name in reply}
    return Answer(reply.status_code, reply.content, kept, made=made)


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        most = settings.MAX_BODY_MB
        raise BodyTooLarge(f"The body is larger than {most} MB.") from None
