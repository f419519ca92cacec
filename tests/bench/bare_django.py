"""The barest Django view: the same JSON, from memory, without any middleware."""

import django
from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.urls import path

from tests.bench.memory import MEMORY

settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="bench", USE_TZ=True
)
django.setup()


def memory(_request: HttpRequest) -> JsonResponse:
    reply = JsonResponse(MEMORY)
    # What Django's CommonMiddleware would add, and a kept connection needs.
    reply["Content-Length"] = len(reply.content)
    return reply


urlpatterns = [path("memory", memory)]
application = WSGIMiddleware(WSGIHandler(), workers=24)  # type: ignore[arg-type]
