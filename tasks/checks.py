"""What must be right before the service starts: functions that settings name."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string


def named_functions_exist(**_options: Any) -> list[CheckMessage]:
    """Tell which functions of the floors above are named and are not there."""
    named = [*settings.DASHBOARD_PANELS, *settings.JOB_LINKS.values()]
    return [
        Error(f"A setting names {path}, which cannot be imported.", id="tasks.E001")
        for path in named
        if not _exists(path)
    ]


def _exists(path: str) -> bool:
    try:
        import_string(path)
    except ImportError:
        return False
    return True
