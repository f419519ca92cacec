"""What no door claims: a page for a browser, and plain JSON for all others."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from tasks.archive.store import StoreDown
from tasks.dialects import page


class StoreMayBeDown:
    """Middleware: a file that cannot be had just now is a 503, not a fault of ours."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._answer(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, StoreDown):
            return None
        reply = _told(request, 503, str(exception))
        reply["Retry-After"] = str(exception.retry_after_s)
        return reply


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _told(request, 404, "Not Found")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _told(request, 403, "Forbidden")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    # The reason is for developers, and Django has logged it.
    return _told(request, 403, "Forbidden")


def server_error(request: HttpRequest) -> HttpResponse:
    return _told(request, 500, "Internal Server Error")


def _told(request: HttpRequest, status: int, phrase: str) -> HttpResponse:
    if page.wants_page(request):
        return page.stop(status)
    return JsonResponse({"error": phrase}, status=status)
