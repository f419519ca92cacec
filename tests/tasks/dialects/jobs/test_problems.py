"""Errors that a door can raise, as problem details."""

from uuid import UUID

import pytest

from tasks.dialects.jobs.problems import problem_of
from tasks.engine.hub import Closing, JobGone, TooManyWaits
from tasks.errors import Overloaded
from tasks.idempotency import KeyInUse


@pytest.mark.parametrize(
    ("error", "status", "later", "body"),
    [
        (
            Closing(),
            503,
            "1",
            (
                b'{"type":"about:blank","title":"Service Unavailable","status":503,'
                b'"detail":"The service restarts; ask again.","instance":"/jobs/7"}'
            ),
        ),
        (
            Overloaded("Full.", retry_after_s=60),
            503,
            "60",
            (
                b'{"type":"about:blank","title":"Service Unavailable","status":503,'
                b'"detail":"Full.","instance":"/jobs/7"}'
            ),
        ),
        (
            TooManyWaits("Enough.", retry_after_s=5),
            429,
            "5",
            (
                b'{"type":"about:blank","title":"Too Many Requests","status":429,'
                b'"detail":"Enough.","instance":"/jobs/7"}'
            ),
        ),
        (
            KeyInUse(),
            409,
            "1",
            (
                b'{"type":"about:blank","title":"Conflict","status":409,'
                b'"detail":"A request with this Idempotency-Key is still being '
                b'answered.",'
                b'"instance":"/jobs/7"}'
            ),
        ),
        (
            JobGone(UUID(int=7)),
            404,
            None,
            (
                b'{"type":"about:blank","title":"Not Found","status":404,'
                b'"detail":"There is no such job, or it is another client\'s.",'
                b'"instance":"/jobs/7"}'
            ),
        ),
    ],
)
def test_an_error_has_a_status_and_literal_words(
    error: Exception, status: int, later: str | None, body: bytes
) -> None:
    problem = problem_of(error)

    assert problem
    assert problem.status == status
    assert problem.headers.get("Retry-After") == later
    assert problem.body(instance="/jobs/7") == body


def test_our_own_fault_is_no_problem_of_the_clients() -> None:
    assert problem_of(ValueError("ours")) is None
