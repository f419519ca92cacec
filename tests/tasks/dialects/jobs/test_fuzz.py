"""Whatever comes in, the answer is a job, a list or a problem, and never a 5xx."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.jobs import a_job
from tests.support.jobsapi import a_key, ask

FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = st.sampled_from(["state", "kind", "since", "until", "limit", "after", "x"])
VALUES = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-W47-6"),
        *("99999999999999999999", "-1", "1e9", "failed,", "MTc2Mzc", "\0", "NaN"),
        *("OTk5OTk5OTk5OTk5OTk5OTkuMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA", "="),
    ]
)
HEADER = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"),
    max_size=40,
)

pytestmark = pytest.mark.django_db


def is_told(method: str, path: str, key: str = "", **headers: str) -> int:
    reply = ask(method, path, key, **headers)
    assert reply.status in {200, 202, 400, 401, 404, 405, 409, 422}, reply.body
    if reply.status >= 400 and method != "HEAD":
        assert reply.problem["detail"]
    return reply.status


@FEW
@given(fields=st.lists(st.tuples(NAMES, VALUES), max_size=3))
def test_any_filter_is_answered(fields: list[tuple[str, str]]) -> None:
    _, key = a_key()
    a_job()
    query = "&".join(f"{name}={quote(value)}" for name, value in fields)

    is_told("GET", f"/jobs?{query}", key)


@FEW
@given(query=st.binary(max_size=30).map(lambda raw: raw.decode("latin-1")))
def test_any_query_is_answered(query: str) -> None:
    _, key = a_key()

    is_told("GET", f"/jobs?{quote(query, safe='&=%+;')}", key)


@FEW
@given(job_id=VALUES, method=st.sampled_from(["GET", "DELETE", "PUT", "HEAD"]))
def test_any_id_is_answered(job_id: str, method: str) -> None:
    _, key = a_key()

    segment = quote(job_id.replace("/", "-"), safe="") or "x"

    if segment not in {".", ".."}:  # which are paths of their own
        assert is_told(method, f"/jobs/{segment}", key) in {404, 405}


@FEW
@given(header=HEADER, value=VALUES)
def test_any_header_is_answered(header: str, value: str) -> None:
    _, key = a_key()
    job = a_job()
    path = f"/jobs/{job.pk}/events?after={quote(value)}"

    is_told("GET", path, key, Last_Event_ID=header)
    is_told("POST", f"/jobs/{job.pk}/retry", key, Idempotency_Key=header)
    is_told("GET", path, Authorization=header)
