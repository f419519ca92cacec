"""Which pages of other origins may call a dialect (contracts' README, CORS)."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView


class CorsMixin(APIView):
    """Names an allowed origin in every reply, and answers preflights with 200."""

    cors_headers = ""

    def options(  # type: ignore[override] # a preflight has no DRF reply
        self, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        reply = HttpResponse(content_type="text/plain")
        reply["Allow"] = ", ".join(self.allowed_methods)
        reply["Access-Control-Allow-Methods"] = reply["Allow"]
        reply["Access-Control-Allow-Headers"] = self.cors_headers
        asked = request.headers.get("Access-Control-Request-Headers", "").lower()
        known = self.cors_headers.lower()
        if "idempotency-key" in asked and "idempotency-key" not in known:
            reply["Access-Control-Allow-Headers"] += ", idempotency-key"
        return reply

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        reply: HttpResponseBase = super().finalize_response(
            request, response, *args, **kwargs
        )
        origin = request.headers.get("Origin", "")
        allowed = settings.CORS_ORIGINS
        if origin and (origin in allowed or "*" in allowed):
            reply["Access-Control-Allow-Origin"] = origin
            reply["Access-Control-Allow-Credentials"] = "true"
        reply["Vary"] = "Origin"
        return reply
