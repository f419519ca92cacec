"""Settings that name functions are checked before the service starts."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from tasks.checks import named_functions_exist


def test_the_settings_as_they_are_name_what_is_there() -> None:
    assert named_functions_exist() == []


@pytest.mark.parametrize(
    "path", ["registry.panels.no_such", "no_such.module.at_all", "nonsense"]
)
def test_a_panel_that_is_not_there_stops_the_start(
    settings: Settings, path: str
) -> None:
    settings.DASHBOARD_PANELS = {path: 1.0}

    with pytest.raises(SystemCheckError, match=f"names {path}, which cannot"):
        call_command("check")


def test_so_does_a_link_of_jobs(settings: Settings) -> None:
    settings.JOB_LINKS = {"a.kind": "registry.links.no_such"}

    [error] = named_functions_exist()

    assert "registry.links.no_such" in error.msg
