"""What no door claims: a page for a browser, and plain JSON for all others."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from tasks.dialects import page


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
