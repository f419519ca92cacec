"""What errors say of themselves."""

import pytest

from tasks.errors import (
    EntrepotError,
    JobMoved,
    Overloaded,
    Refused,
    TooManyJobs,
    WorkFailed,
)


@pytest.mark.parametrize("kind", [TooManyJobs, Overloaded])
def test_a_refusal_says_when_to_ask_again(kind: type[Refused]) -> None:
    error = kind("Full.", retry_after_s=9)

    assert isinstance(error, EntrepotError)
    assert (str(error), error.retry_after_s) == ("Full.", 9)


def test_a_handlers_verdict_is_final_unless_it_says_otherwise() -> None:
    error = WorkFailed("http_404", "Gone.")

    assert (error.code, error.temporary, error.retry_after_s) == (
        "http_404",
        False,
        None,
    )


def test_a_lost_race_is_no_refusal() -> None:
    assert not issubclass(JobMoved, Refused)
