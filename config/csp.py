"""The Content-Security-Policy of every page that has none of its own."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HEADER = "Content-Security-Policy"
# Nothing from elsewhere, and nothing inline: what was injected neither runs nor loads.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
Answer = Callable[[HttpRequest], HttpResponseBase]


def content_security_policy(answer: Answer) -> Answer:
    """Make the middleware; a reply that sets the header itself keeps it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        reply = answer(request)
        if reply.headers.get("Content-Type", "").startswith("text/html"):
            # Django's own reports for developers are written inline.
            reported = settings.DEBUG and reply.status_code in {404, 500}
            if not reported:
                reply.headers.setdefault(HEADER, POLICY)
        return reply

    return middleware
