"""Who uses the export page: staff, or where callers need no key, anybody.

Visitors without a name share one client, as callers of the API do, and with it what
one client may have open. They do not share its saved configuration: the page sends the
whole of an export at once. What was started is known to the session that started it.
"""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, parse_cookie

from exports import services
from exports.errors import ExportError, NoSuchTask
from exports.models import ExportTask
from tasks.models import Client

STARTED = "exports_started"  # in the session, the newest last
MOST_STARTED = 100


class NotAllowed(ExportError):
    """Only staff may export here, and nobody of staff is signed in."""


@dataclass(frozen=True, slots=True)
class Visitor:
    client: Client
    session: SessionBase

    def remember(self, task: ExportTask) -> None:
        earlier = self.session.get(STARTED, [])
        self.session[STARTED] = [*earlier, task.pk][-MOST_STARTED:]

    def find(self, task_id: str) -> ExportTask:
        """Return a task that this session started; raise NoSuchTask for any other."""
        if task_id not in self.session.get(STARTED, []):
            raise NoSuchTask
        return services.find_task(client=self.client, task_id=task_id)


def visitor_of(request: HttpRequest) -> Visitor:
    """Return who asks.

    Raises:
        NotAllowed: nobody who may.
    """
    client = _client_of(request.user)
    if client.revoked_at is not None:
        raise NotAllowed
    return Visitor(client, request.session)


def _client_of(user: AbstractBaseUser | AnonymousUser) -> Client:
    if user.is_active and getattr(user, "is_staff", False):
        return services.staff(user.get_username())
    if not settings.EXPORT_OPEN:
        raise NotAllowed
    return services.anonymous()


def visitor_by_cookie(cookie: str) -> Visitor:
    """Return who sends this Cookie header, to a door that no middleware stands before.

    Raises:
        NotAllowed: nobody who may.
    """
    request = HttpRequest()
    key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request.user = get_user(request)
    return visitor_of(request)
