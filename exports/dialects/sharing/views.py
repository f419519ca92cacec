"""What is asked below /shares and is no door: 404, or 405 at the path of one."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from exports.dialects.sharing.refusals import told


@csrf_exempt
def not_served(request: HttpRequest, path: str) -> HttpResponse:
    allowed = methods_at(request.path)
    if allowed:
        return _reply(405, "", {"Allow": ", ".join(allowed)})
    return _reply(404, "There is nothing at this address.", {})


def methods_at(path: str) -> list[str]:
    """Return the methods of the waiting doors at a path."""
    doors = settings.WAITING_DOORS
    return sorted({kind for kind, pattern, _ in doors if re.fullmatch(pattern, path)})


def _reply(status: int, message: str, headers: dict[str, str]) -> HttpResponse:
    reply = told(status, message, headers)
    return HttpResponse(reply.body, status=status, headers=dict(reply.headers))
