"""Secrets are planted wherever each dialect takes them; none comes up in the log."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tasks.models import Job
from tasks.states import FINAL, JobState
from tests.support.databox import token
from tests.support.polling import until
from tests.support.specstore import spec_of, table, token_of
from tests.support.waiting import open_socket
from tests.support.whole import Whole, whole_service

pytestmark = pytest.mark.live
# In parts, so that no other text is taken for one.
MARK = "planted" + "7Hq2"
PLANTED = re.compile(f"{MARK}-?[a-z]*")


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("secrets")
    with (
        django_db_blocker.unblock(),
        whole_service(folder, LOG_LEVEL="DEBUG", TASK_IDLE_SECONDS="0") as running,
    ):
        running.issuer.fails("/broken", "500 Internal Server Error")
        running.issuer.put("/odd", f"{MARK}-source".encode() * 9, "Content-Length: 7")
        yield running


def source(service: Whole, path: str = "/broken") -> str:
    return f"{service.issuer.url(path)}?sig={MARK}-query"


def test_specstore(service: Whole) -> None:
    secret = token_of("me", mark=f"{MARK}-claim")
    spec = spec_of(
        table("t", source(service), "a"), table("u", source(service, "/odd"))
    )
    upload = f"/source/upload?jwt={secret}"

    made = service.ask("POST", upload, json=spec)
    service.ask("POST", f"/source/upload?jwt={MARK}-query", json=spec)
    service.ask("POST", "/source/upload", data="{", headers={"Auth-Token": secret})
    service.ask("POST", f"/source/update/{MARK}-path", json={"event": "start"})
    service.ask("POST", f"/source/update/{MARK}-path/beyond/it")
    service.ask("GET", f"/source/me?jwt={secret}&q={MARK}-query")
    service.ask("GET", f"/datasets/me/id/1/x.csv?jwt={secret}", headers=service.by_key)

    assert made.json()["success"], made.text
    nothing_came_up(service, secret, answered=7)


def test_fetchtozip(service: Whole) -> None:
    secretive = {
        "file_type": "csv",
        "source_url": source(service),
        "headers": {"X-Key": f"{MARK}-header"},
        "auth": {"type": "basic", "username": "u", "password": f"{MARK}-password"},
    }
    for configuration in (
        secretive,
        secretive | {"source_url": source(service, "/odd"), "paging": "none"},
        secretive | {"auth": {"type": "none", "token": f"{MARK}-token"}},
        {"file_type": "csv", "db_url": f"postgres://u:{MARK}-password@db/x"},
    ):
        service.ask("POST", "/api/export/inputs", json={"name": "a"})
        service.ask("POST", "/api/export/configure", json=configuration)
        service.ask("POST", "/api/export/preview", json=configuration)
        service.ask("POST", "/api/export/start", headers=service.by_key)
        service.ask("POST", f"/api/export/start?apikey={MARK}-query")

    nothing_came_up(service, service.key, answered=20)
    assert "job raised" in service.log


def test_databox(service: Whole) -> None:
    uri, data = source(service), json.dumps({"password": f"{MARK}-body"})
    macaroon = token()
    body = {"id": "", "uri": uri, "data": data}
    for headers in ({"X-Api-Key": macaroon}, {"X-Api-Key": f"{MARK}-header"}):
        service.ask("POST", f"/export?key={MARK}-query", json=body, headers=headers)
        service.ask("POST", "/lp/export", json=body, headers=headers)
    service.ask("POST", "/export", json=body, auth=(macaroon, f"{MARK}-password"))
    key = {"X-Api-Key": token("/ws/export")}
    with open_socket(service.web, "/ws/export", additional_headers=key) as client:
        client.send(json.dumps(body))
        client.send(f"{MARK}-frame")
        client.recv(timeout=5)

    nothing_came_up(service, macaroon, answered=6)


def test_common(service: Whole) -> None:
    bearer = service.by_oidc
    task = service.ask("POST", "/api/v1/task", headers=bearer).json()["data"]
    assets = [
        {"file_name": "a", "attributes": {"k": f"{MARK}-body"}, "download_url": url}
        for url in (source(service), source(service, "/odd"))
    ]
    batch = {"task_id": task["task_id"], "data": assets, "last": True}

    service.ask("POST", "/api/v1/assets", json=batch, headers=bearer)
    service.ask("GET", f"/api/v1/task?id={MARK}-query", headers=bearer)
    service.ask("GET", "/api/v1/x", headers={"Authorization": f"Bearer {MARK}-token"})

    nothing_came_up(service, bearer["Authorization"].split()[1], answered=4)


def test_sharing(service: Whole) -> None:
    for path in ("/shares/v2/none", "/shares/none", "/shares/v2/none/count"):
        query = f"?apikey={service.key}&token={MARK}-query&filter={MARK}-query"
        service.ask("GET", path + query)
    service.ask("POST", f"/shares/v2/async/none?token={MARK}-query")

    nothing_came_up(service, service.key, answered=4)


def test_jobs_and_the_rest(service: Whole) -> None:
    wrong = {"Authorization": f"Bearer {MARK}-token", "X-Request-ID": f"{MARK} id"}
    for path in ("/jobs", "/jobs/x/events", "/metrics", "/admin/", "/a/b/c", "/oidc/x"):
        service.ask("GET", f"{path}?key={MARK}-query", headers=wrong)
    sign_in = {"username": "x", "password": f"{MARK}-password"}
    service.ask("POST", "/admin/login/", data=sign_in)
    service.ask("GET", f"/jobs/a/b/{MARK}-path")

    nothing_came_up(service, service.key, answered=8)


def nothing_came_up(service: Whole, *credentials: str, answered: int) -> None:
    """Check the whole log so far, once each job of it has run and been told of."""
    until(all_have_run, within_s=40, what="each job has run")
    text = service.log
    secrets = [*credentials, settings.SECRET_KEY]
    assert [one for one in secrets if one in text] == []
    assert PLANTED.findall(text) == []
    assert len(re.findall("config.access: answered", text)) >= answered


def all_have_run() -> bool:
    runs = Job.objects.exclude(state__in=FINAL)
    return not runs.filter(state=JobState.QUEUED, retries=0).exists()


def test_what_is_looked_for_would_be_found(tmp_path: Path) -> None:
    assert PLANTED.findall(f"GET /x?sig={MARK}-query") == [f"{MARK}-query"]
