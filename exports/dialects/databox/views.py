"""What the paths of contract 3.2.1 answer to other methods than theirs."""

from typing import Any

from django.http import HttpResponse
from rest_framework.exceptions import MethodNotAllowed

from exports.dialects.databox import wire
from tasks.dialects.cors import CorsMixin


class NotAPost(CorsMixin):
    """The POST itself is a waiting door."""

    cors_headers = "authorization, content-type, idempotency-key, x-api-key"

    @property
    def allowed_methods(self) -> list[str]:
        return ["POST", "OPTIONS"]

    def handle_exception(self, exc: Exception) -> Any:
        if not isinstance(exc, MethodNotAllowed):
            return super().handle_exception(exc)
        text, status = wire.METHOD_NOT_ALLOWED, 405
        reply = HttpResponse(text, status=status, content_type="text/plain")
        reply["Allow"] = ", ".join(self.allowed_methods)
        return reply
