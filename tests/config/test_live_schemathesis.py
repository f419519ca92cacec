"""Whatever fits the API's description, or just fails to, is answered as it says."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config import openapi
from tests.support.polling import until
from tests.support.specstore import spec_of, table, token_of
from tests.support.whole import Whole, whole_service

pytestmark = pytest.mark.live

SCHEMA = schemathesis.openapi.from_dict(openapi.document())
SUSPICIONS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# A request over HTTP is no handshake.
OPERATIONS = sorted(
    (path, method)
    for path, item in openapi.document()["paths"].items()
    for method, one in item.items()
    if method != "parameters" and "101" not in one["responses"]
)
FEW, MANY = 20, 400


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("schemathesis")
    # Whatever address comes up, nobody but this machine is asked.
    limits = {"OUTBOUND_ALLOW_HOSTS": "127.0.0.1", "MAX_BODY_MB": "1"}
    with django_db_blocker.unblock(), whole_service(folder, **limits) as running:
        yield running


@pytest.fixture(scope="module")
def known(service: Whole) -> dict[str, dict[str, str]]:
    """Have something of each kind, so that not everything is a 404."""
    url = service.issuer.put("/a.csv", b"a,b\n1,2\n", "Content-Type: text/csv")
    spec = spec_of(table("t", url, "a", "b"))
    for _ in range(2):
        service.ask("POST", "/source/upload", json=spec, headers=by("specs", service))
    service.ask("POST", "/api/export/inputs", json={"name": "a"})
    wanted = {"file_type": "csv", "source_url": url}
    for path in ("inputs", "configure", "start"):
        headers = by("exports", service)
        body = {"name": "a"} if path == "inputs" else wanted
        made = service.ask("POST", f"/api/export/{path}", json=body, headers=headers)
    export = made.json()["task_id"]
    task = service.ask("POST", "/api/v1/task", headers=by("tasks", service))
    until(lambda: is_done(service), within_s=60, what="all of it is made")
    jobs = service.ask("GET", "/jobs", headers=by("jobs", service)).json()["jobs"]
    places = {"owner": "me", "dataset": "id", "revision": "1", "resource": "t"}
    places |= {"a": "1", "b": "latest", "file": "data/t_csv.csv"}
    return {
        **dict.fromkeys(("specs", "files", "history"), places),
        "exports": {"task_id": export},
        "tasks": {"id": task.json()["data"]["task_id"]},
        "jobs": {"job_id": jobs[0]["id"]},
    }


def is_done(service: Whole) -> bool:
    jobs = service.ask("GET", "/jobs", headers=by("jobs", service)).json()["jobs"]
    made = service.ask("GET", "/source/me/id/2").json()["state"]
    return {jobs[0]["state"], made.lower()} == {"succeeded"}


def by(tag: str, service: Whole) -> dict[str, str]:
    """Return what opens the doors of a dialect."""
    return {
        "specs": {"Auth-Token": token_of("me")},
        "deliveries": {"X-Api-Key": service.key},
        "tasks": service.by_oidc,
    }.get(tag, service.by_key)


def cases(operation: Any) -> Any:
    """Generate what fits, and where anything could be wrong, what just does not."""
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not operation.definition.raw.get("requestBody"):
        return fitting
    return fitting | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def probe(
    service: Whole, known: dict[str, dict[str, str]], path: str, method: str, times: int
) -> None:
    operation = SCHEMA[path][method]
    tag = operation.definition.raw["tags"][0]

    @settings(
        max_examples=times, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(
        case=operation.as_strategy(), is_known=st.booleans(), is_let_in=st.booleans()
    )
    def each(case: Any, is_known: bool, is_let_in: bool) -> None:
        if is_known:
            there = known.get(tag, {})
            for place in (case.path_parameters, case.query):
                for name in set(place or ()) & set(there):
                    place[name] = there[name]
        headers = by(tag, service) if is_let_in else {}
        reply = case.call(base_url=service.web.address, headers=headers, timeout=30)
        case.validate_response(reply, checks=SUSPICIONS)

    each()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_is_answered_otherwise(
    service: Whole, known: dict[str, dict[str, str]], path: str, method: str
) -> None:
    probe(service, known, path, method, FEW)


@pytest.mark.faults
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_of_many_is_answered_otherwise(
    service: Whole, known: dict[str, dict[str, str]], path: str, method: str
) -> None:
    probe(service, known, path, method, MANY)
