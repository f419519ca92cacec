"""Requests of one process, spaced without a database."""

import pytest

from exports.management.pace import OwnPace


def test_requests_to_one_host_are_spaced_and_others_do_not_wait() -> None:
    at = 50.0
    pace = OwnPace(now=lambda: at)

    waits = [pace("a", per_second=2), pace("a", per_second=2), pace("b", per_second=2)]

    assert waits == [0.0, 0.5, 0.0]


def test_a_pause_that_was_asked_for_is_kept() -> None:
    pace = OwnPace(now=lambda: 50.0)

    assert pace("a", per_second=10, after_s=3.0) == 3.0
    assert pace("a", per_second=10) == pytest.approx(3.1)
