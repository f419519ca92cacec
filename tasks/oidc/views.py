"""Signing in to the admin at the provider: the way there, and the way back."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.utils import import_from_settings
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)

from tasks.oidc import provider, staff
from tasks.oidc.errors import IdpDown

# Somebody who leaves the staff is asked again after a working day.
SESSION_S = 8 * 3600
STARTED_S = 15 * 60
NOT_LET_IN = "You were not let in: the identity provider does not count you as staff."

View = Callable[..., HttpResponse]


def _setting(name: str, *default: Any) -> Any:
    """Answer what the library asks of the settings; its doors come by discovery."""
    if name == "OIDC_OP_AUTHORIZATION_ENDPOINT":
        trusted = provider.current()
        return trusted.doors.authorization if trusted else ""
    ours = {
        "OIDC_RP_CLIENT_ID": settings.OIDC_CLIENT_ID,
        "OIDC_RP_SCOPES": "openid profile email",
        "OIDC_USE_PKCE": True,
        "LOGIN_REDIRECT_URL": "admin:index",
    }
    return ours[name] if name in ours else import_from_settings(name, *default)


class Start(OIDCAuthenticationRequestView):  # type: ignore[misc]  # untyped library
    get_settings = staticmethod(_setting)

    def get(self, request: HttpRequest) -> HttpResponse:
        # Whoever comes by gets a session: of strangers none is kept for long.
        if not request.user.is_authenticated:
            request.session.set_expiry(STARTED_S)
        reply: HttpResponse = super().get(request)
        return reply


class Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]  # untyped library
    get_settings = staticmethod(_setting)

    def login_success(self) -> HttpResponse:
        reply: HttpResponse = super().login_success()
        self.request.session.set_expiry(SESSION_S)
        return reply

    def login_failure(self) -> HttpResponse:
        messages.error(self.request, NOT_LET_IN)
        return redirect("admin:login")


def _when_on(view: View) -> View:
    """Serve a view where sign-in is configured, and say so when nobody answers."""

    @wraps(view)
    def serve(request: HttpRequest) -> HttpResponse:
        if not staff.is_on():
            raise Http404
        try:
            return view(request)
        except IdpDown as down:
            return HttpResponse(
                f"{down}\n", status=503, content_type="text/plain", headers=down.headers
            )

    return serve


start = never_cache(_when_on(Start.as_view()))
callback = never_cache(_when_on(Callback.as_view()))
