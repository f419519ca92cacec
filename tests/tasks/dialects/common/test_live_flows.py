"""A backend's whole way, over HTTP: a token of a provider, assets in, a result out."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.idp import AUDIENCE, Idp
from tests.support.images import picture
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.web import Web, up

pytestmark = pytest.mark.live

JPEG = picture("JPEG", (320, 200))
PNG = picture("PNG", (64, 64))


@dataclass(frozen=True)
class Backend:
    """A client of the common API as the contract draws it, and its token."""

    service: Web
    token: str

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(
            method,
            f"{self.service.address}/api/v1/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
            **options,
        )

    def create(self, **body: str) -> str:
        reply = (
            self.call("POST", "task", json=body) if body else self.call("POST", "task")
        )
        assert reply.status_code == 200, reply.text
        return str(reply.json()["data"]["task_id"])

    def announce(self, task_id: str, *assets: Any, **more: Any) -> None:
        body = {"task_id": task_id, "data": assets, **more}
        reply = self.call("POST", "assets", json=body)
        assert (reply.status_code, reply.json()["data"]) == (200, None), reply.text

    def status(self, task_id: str) -> Any:
        reply = self.call("GET", "task", params={"id": task_id})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def ended(self, task_id: str, *, within_s: float = 30.0) -> Any:
        """Poll until the task is completed; return its last status."""

        def look() -> bool:
            told = self.status(task_id)
            assert told["status"] not in {"FAILED", "CANCELLED"}, told
            return bool(told["status"] == "COMPLETED")

        until(look, within_s=within_s, what="the task is completed")
        return self.status(task_id)

    def fetch(self, url: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(url, headers=headers, timeout=20, **options)


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    with Idp() as running:
        yield running


@pytest.fixture(scope="module")
def service(idp: Idp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("up")
    with up(
        folder,
        OIDC_ISSUER=idp.issuer,
        OIDC_AUDIENCE=AUDIENCE,
        OUTBOUND_ALLOW_NETS="127.0.0.0/8",
        OUTBOUND_PORTS="any",
        TASK_IDLE_SECONDS="1",
        TASK_ASSETS_PER_BATCH="2",
    ) as running:
        yield running


def granted(idp: Idp, name: str, secret: str) -> str:
    """Return the access token that a client's own credentials are good for."""
    form = {"grant_type": "client_credentials"}
    reply = requests.post(
        f"{idp.issuer}/token", auth=(name, secret), data=form, timeout=5
    )
    return str(reply.json()["access_token"])


@pytest.fixture
def backend(service: Web, idp: Idp) -> Backend:
    return Backend(service, granted(idp, "backend", "backend-secret"))


def an_image(sources: Sources, name: str, content: bytes, **attributes: Any) -> Any:
    url = sources.put(f"/{name}", content)
    return {"file_name": name, "attributes": attributes, "download_url": url}


def test_an_archive_by_a_client_that_knows_the_contract_alone(
    backend: Backend, sources: Sources
) -> None:
    task_id = backend.create()
    backend.announce(
        task_id, an_image(sources, "a.jpg", JPEG), an_image(sources, "b.png", PNG)
    )
    backend.announce(task_id, an_image(sources, "c.jpg", JPEG + b"c"))

    told = backend.ended(task_id)

    assert told["assets_downloaded"] == 100
    assert told["result_type"] == "STREAM"
    reply = backend.fetch(told["result_id"])
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Disposition"].startswith("attachment; filename=")
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.testzip() is None
        files = {name.rpartition("/")[2]: name for name in archive.namelist()}
        assert archive.read(files["a.jpg"]) == JPEG
        assert archive.read(files["b.png"]) == PNG
        assert archive.read(files["c.jpg"]) == JPEG + b"c"
    part = requests.get(
        told["result_id"],
        headers={"Authorization": f"Bearer {backend.token}", "Range": "bytes=0-3"},
        timeout=5,
    )
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")


def test_a_catalogue_started_by_the_last_batch(
    backend: Backend, sources: Sources
) -> None:
    task_id = backend.create(processor="catalogue")
    one = an_image(sources, "vienna.jpg", JPEG, longitude=16.37, latitude=48.21)
    backend.announce(task_id, one, an_image(sources, "x.png", PNG), last=True)

    told = backend.ended(task_id)

    assert told["result_type"] == "JSON"
    reply = backend.fetch(told["result_id"])
    assert reply.headers["Content-Type"] == "application/json"
    found = reply.json()
    assert found["type"] == "FeatureCollection"
    places = [one["geometry"] for one in found["features"]]
    assert places == [{"type": "Point", "coordinates": [16.37, 48.21]}, None]


def test_a_gallery_started_by_hand(backend: Backend, sources: Sources) -> None:
    task_id = backend.create(processor="gallery")
    one = an_image(sources, "<b>.jpg", JPEG, longitude=16.37, latitude=48.21)
    backend.announce(task_id, one, an_image(sources, "page.html", b"<script>"))
    started = backend.call("POST", "task/start", params={"id": task_id})

    told = backend.ended(task_id)

    assert started.status_code == 200
    assert told["result_type"] == "WEBSITE"
    reply = backend.fetch(told["result_id"])
    url = reply.json()["data"]["url"]
    assert reply.headers["Location"] == url
    page = requests.get(url, timeout=5)  # without a token
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<b>" not in page.text
    base = url.rpartition("/")[0]
    original = requests.get(f"{base}/files/page.html", timeout=5)
    assert original.content == b"<script>"
    assert original.headers["Content-Disposition"].startswith("attachment")
    assert original.headers["Content-Type"] == "application/octet-stream"


def test_the_rules_hold_for_a_live_service(
    backend: Backend, service: Web, idp: Idp, sources: Sources
) -> None:
    task_id = backend.create()
    asset = an_image(sources, "a.jpg", JPEG)
    reader = Backend(service, granted(idp, "reader", "reader-secret"))
    opaque = Backend(service, granted(idp, "opaque", "opaque-secret"))
    nobody = Backend(service, "no-token")

    early = backend.call("GET", "result", params={"id": task_id})
    foreign = reader.call("GET", "task", params={"id": task_id})
    forbidden = reader.call("POST", "task")
    unknown = nobody.call("POST", "task")
    no_secret = opaque.call("POST", "task")
    backend.announce(task_id, asset, last=True)
    backend.ended(task_id)
    late = backend.call("POST", "assets", json={"task_id": task_id, "data": [asset]})
    too_many = backend.call(
        "POST", "assets", json={"task_id": task_id, "data": [asset] * 3}
    )
    deleted = backend.call("DELETE", "task", params={"id": task_id})
    gone = backend.call("GET", "result", params={"id": task_id})

    statuses = {
        "early": early,
        "foreign": foreign,
        "forbidden": forbidden,
        "unknown": unknown,
        "no_secret": no_secret,
        "late": late,
        "too many": too_many,
        "deleted": deleted,
        "gone": gone,
    }
    assert {name: reply.status_code for name, reply in statuses.items()} == {
        "early": 409,
        "foreign": 404,
        "forbidden": 403,
        "unknown": 401,
        # Introspection needs OIDC_CLIENT_ID, which this service does not have.
        "no_secret": 401,
        "late": 409,
        "too many": 400,
        "deleted": 200,
        "gone": 404,
    }
    for reply in statuses.values():
        assert list(reply.json()) == ["success", "message", "data"]


def test_failed_assets_are_named_and_the_rest_is_still_made(
    backend: Backend, sources: Sources
) -> None:
    task_id = backend.create()
    missing = {
        "file_name": "missing.jpg",
        "attributes": {},
        "download_url": sources.fails("/missing.jpg", "404 Not Found"),
    }
    backend.announce(task_id, an_image(sources, "a.jpg", JPEG), missing, last=True)

    told = backend.ended(task_id)

    assert (told["assets_downloaded"], told["data"]["assets_failed"]) == (50, 1)
    assert "missing.jpg" in told["message"]


def test_a_failure_stops_a_task_that_wants_all(
    backend: Backend, sources: Sources
) -> None:
    task_id = backend.create(on_failure="stop")
    url = sources.fails("/gone.jpg", "410 Gone")
    gone = {"file_name": "gone.jpg", "attributes": {}, "download_url": url}
    backend.announce(task_id, gone, last=True)

    def failed() -> bool:
        return bool(backend.status(task_id)["status"] == "FAILED")

    until(failed, within_s=20, what="the task failed")

    told = backend.status(task_id)
    assert "gone.jpg" in told["message"]
    reply = backend.call("GET", "result", params={"id": task_id})
    assert (reply.status_code, reply.json()["success"]) == (409, False)
    assert "gone.jpg" in reply.json()["message"]


def test_the_figures_of_a_live_service(
    backend: Backend, service: Web, sources: Sources
) -> None:
    task_id = backend.create()
    backend.announce(task_id, an_image(sources, "a.jpg", JPEG), last=True)
    backend.ended(task_id)
    backend.create()

    pending = requests.get(f"{service.address}/api/v1/status", timeout=5)
    figures = requests.get(f"{service.address}/metrics", timeout=5).text

    assert pending.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    count = int(pending.text.splitlines()[-1].removeprefix("pending_tasks_total "))
    assert count >= 1
    assert "entrepot_workers 2.0" in figures
    done = 'entrepot_job_duration_seconds_gcount{kind="tasks.process"'
    assert done in figures
    assert json.dumps(task_id) not in figures
