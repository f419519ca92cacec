"""Is this instance ready, and how is it doing."""

from collections.abc import Callable
from ipaddress import ip_address

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_prometheus.exports import ExportToDjangoView

from config.metrics import own_page
from tasks import services
from tasks.archive import stored
from tasks.archive.store import StoreError
from tasks.engine import sweep


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if database, store and at least one worker are there, else 503."""
    checks = {
        "database": _passes(_database),
        "store": _passes(stored.store().ping),
        "worker": _passes(_worker),
    }
    status = 200 if set(checks.values()) == {"ok"} else 503
    return JsonResponse(checks, status=status)


def metrics(request: HttpRequest) -> HttpResponse:
    """Show Prometheus's metrics to this machine or to a key of scope `metrics`."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not _is_local(request) and services.find_key(token, scope="metrics") is None:
        return HttpResponse("An API key of scope metrics is needed.\n", status=401)
    page: HttpResponse = ExportToDjangoView(request)
    page.write(own_page())
    return page


def _is_local(request: HttpRequest) -> bool:
    # A proxy on this machine speaks for others, and says so.
    if any(name.startswith("X-Forwarded") for name in request.headers):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _passes(check: Callable[[], object]) -> str:
    try:
        check()
    except (DatabaseError, StoreError, OSError, LookupError) as error:
        return str(error) or type(error).__name__
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _worker() -> None:
    if not sweep.has_live_worker():
        raise LookupError("no worker was heard of in the last seconds")
