"""The dashboard: the panels that settings name, each as fresh as it has to be."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from tasks.dashboard.panel import Panel
from tasks.engine import clock
from tasks.kept import Kept


def panels(*, user: Any) -> list[Panel]:
    """Return what this user may see, in the order of DASHBOARD_PANELS."""
    shown = (_kept(path).get() for path in settings.DASHBOARD_PANELS)
    return [panel for panel in shown if user.has_perm(panel.needs)]


@cache
def _kept(path: str) -> Kept[Panel]:
    make: Callable[..., Panel] = import_string(path)
    good_for_s = settings.DASHBOARD_PANELS[path]
    return Kept(lambda: make(at=clock.now()), good_for_s=good_for_s)


def forget() -> None:
    """Read all panels anew at the next request."""
    _kept.cache_clear()
