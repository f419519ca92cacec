"""The dashboard: the panels that settings name, each as fresh as it has to be."""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.utils.module_loading import import_string

from tasks.dashboard.panel import Panel
from tasks.engine import clock
from tasks.kept import Kept

User = AbstractBaseUser | AnonymousUser | PermissionsMixin


def panels(*, user: User) -> list[Panel]:
    """Return what this user may see, in the order of DASHBOARD_PANELS."""
    shown = (_kept(path).get() for path in settings.DASHBOARD_PANELS)
    return [panel for panel in shown if _may_see(user, panel)]


def _may_see(user: User, panel: Panel) -> bool:
    return not isinstance(user, AbstractBaseUser) or user.has_perm(panel.needs)  # type: ignore[attr-defined]


@cache
def _kept(path: str) -> Kept[Panel]:
    make: Callable[..., Panel] = import_string(path)
    good_for_s = settings.DASHBOARD_PANELS[path]
    return Kept(lambda: make(at=clock.now()), good_for_s=good_for_s)


def forget() -> None:
    """Read all panels anew at the next request."""
    _kept.cache_clear()
