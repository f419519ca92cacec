"""manage.py run_due: what is due, at once."""

import io

import pytest
import time_machine
from django.core.management import CommandError, call_command

from registry.models import Revision
from registry.schedules import BATCH
from tests.support.schedules import HOUR, T0, numbers, scheduled

pytestmark = pytest.mark.django_db


def run_due(*options: str) -> str:
    """Run the command an hour later; return what it wrote to stdout."""
    out = io.StringIO()
    with time_machine.travel(T0 + HOUR, tick=False):
        call_command("run_due", *options, stdout=out)
    return out.getvalue()


def test_the_new_revisions_ids_alone_are_printed() -> None:
    scheduled("a")
    scheduled("b")
    scheduled("later", every="every 1d")

    assert sorted(run_due().splitlines()) == ["me/a/2", "me/b/2"]
    assert run_due() == ""


def test_it_goes_on_until_nothing_is_due() -> None:
    for number in range(BATCH + 3):
        scheduled(f"d{number}")

    assert len(run_due().splitlines()) == BATCH + 3


def test_what_was_not_fetched_is_told_and_ends_in_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scheduled("stuck")
    Revision.objects.update(state="inprogress")
    scheduled("good")

    with pytest.raises(CommandError, match="1 due datasets were not fetched"):
        run_due()

    assert "me/stuck: me/stuck/1 is still running." in capsys.readouterr().err
    assert numbers() == {"me/stuck": 1, "me/good": 2}


def test_a_dataset_that_is_named_is_fetched_due_or_not() -> None:
    scheduled("a", every="every 5w")
    scheduled("b")

    assert run_due("--dataset", "me/a") == "me/a/2\n"
    assert numbers() == {"me/a": 2, "me/b": 1}


@pytest.mark.parametrize("name", ["me/none", "me", "", "/", "me/id/1", "\0/\0"])
def test_a_dataset_that_is_not_there_is_told(name: str) -> None:
    scheduled()

    with pytest.raises(CommandError, match="There is no dataset"):
        run_due("--dataset", name)


def test_a_dataset_that_is_still_running_is_not_started_twice() -> None:
    scheduled()
    Revision.objects.update(state="queued")

    with pytest.raises(CommandError, match="me/id/1 is still running"):
        run_due("--dataset", "me/id")
