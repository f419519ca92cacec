"""Secrets that are planted in a live service, each used as its owner would use it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from django.contrib.auth.models import User

from exports import appending, sharing
from exports.sharing import Terms
from registry.subscriptions import subscribe
from tasks.models import Job
from tasks.services import create_key
from tests.security.matrix import SPEC, filled
from tests.support.databox import token
from tests.support.idp import Idp
from tests.support.jobs import a_client
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.specstore import token_of
from tests.support.web import Web
from tests.tasks.outbound.servers import ok

SCOPES = ["export", "jobs", "deliver", "callback", "datasets", "metrics", "share"]
TOLD = ("registry.incident", "registry.event")
ENDED = ("succeeded", "failed", "cancelled")
# What the service must keep to do its work, by table and column: none of it is shown.
KEPT = {
    "spec's query": {"registry_revision.spec"},
    "export's query": {
        "exports_exporttask.request",
        "exports_savedconfiguration.body",
    },
    "delivery's query": {"exports_delivery.destination", "tasks_client.destinations"},
    "delivery's data": {"exports_delivery.data", "exports_delivery.answer_body"},
    "asset's query": {"tasks_asset.url"},
    "subscription's query": {"registry_subscription.url"},
    "subscription's secret": {"registry_subscription.secret"},
}

# What staff is shown all the same, by the page's path.
SHOWN = {
    # Contract 3.1.2 has anybody read a spec.
    "spec's query": "/admin/registry/revision/",
    # The form in which it is changed.
    "subscription's query": "/admin/registry/subscription/1/change/",
    # What is handed over and not collected is staff's to look into.
    "delivery's data": "/admin/exports/delivery/",
}


@dataclass
class Planted:
    """What must not be found, by what it is, and who says it to whom."""

    service: Web
    sources: Sources
    idp: Idp
    said: dict[str, str] = field(default_factory=dict)

    def secret(self, what: str) -> str:
        """Return a text that is nowhere else, the same for the same thing."""
        return self.said.setdefault(what, f"planted{secrets.token_hex(12)}")

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.service.address}{path}"
        return requests.request(method, url, json=body, headers=named, timeout=20)

    def run_all(self) -> None:
        """Let every door be used well and badly, and all work come to its end."""
        client = a_client("planter")
        key = self.said["API key"] = create_key(client=client, scopes=SCOPES)[1]
        self._exports(key)
        self._uploads()
        self._deliveries(key)
        self._tasks()
        self._shares(key)
        self._sign_ins()
        for door in ("/jobs", "/jobs?limit=0", "/jobs/nothing"):
            self.ask("GET", door, Authorization=f"Bearer {key}")
        # Whoever is told of something is told again and again, for a day.
        left = Job.objects.exclude(state__in=ENDED).exclude(kind__in=TOLD)
        until(lambda: not left.exists(), within_s=120, what="all jobs have ended")

    def _places(self, what: str) -> Iterator[str]:
        """Give addresses with a secret in them that are good, bad, gone and inside."""
        secret = self.secret(what)
        good = self.sources.put("/good.csv", b"n,m\n1,2\n")
        bad = self.sources.put("/bad.csv", b"\xff\xfe\x00" * 50)
        gone = self.sources.fails("/gone.csv", "404 Not Found", body=b"no such thing")
        cut = self.sources.act("/cut.csv", ok(b"n\n1\n", length=4000))
        for url in (
            good,
            bad,
            gone,
            cut,
            "http://10.0.0.1/a.csv",
            "http://no.invalid/a",
        ):
            yield f"{url}?token={secret}"

    def _exports(self, key: str) -> None:
        auth = {"Authorization": f"token {key}"}
        columns = [{"name": "n", "column": 0}]
        self.ask("POST", "/api/export/bulk-inputs", columns, **auth)
        password = {
            "type": "basic",
            "username": "us",
            "password": self.secret("source's password"),
        }
        bearer = {"type": "bearer", "token": self.secret("source's bearer token")}
        headers = {"X-Key": self.secret("source's header")}
        for number, url in enumerate(self._places("export's query")):
            wanted: dict[str, Any] = {
                "file_type": "csv",
                "source_url": url,
                "paging": "none",
            }
            wanted |= {"auth": bearer if number % 2 else password, "headers": headers}
            for door in ("configure", "preview"):
                self.ask("POST", f"/api/export/{door}", wanted, **auth)
            self.ask("POST", "/api/export/start", **auth)
            self.ask("POST", "/api/export/configure", wanted | {"a typo": 1}, **auth)

    def _uploads(self) -> None:
        hook = self.sources.fails("/hook", "410 Gone")
        query = self.secret("subscription's query")
        _, secret = subscribe(owner="planter", url=f"{hook}?k={query}")
        self.said["subscription's secret"] = secret
        good = self.said["JWT"] = token_of(
            "planter", permissions={"max_dataset_num": 9}
        )
        bad = self.said["expired JWT"] = token_of("planter", exp=1)
        for number, url in enumerate(self._places("spec's query")):
            spec = filled(SPEC, {"name": "planter"})
            spec["meta"] |= {"dataset": f"d{number}", "findability": "private"}
            parameters = spec["inputs"][0]["parameters"]
            parameters["descriptor"]["resources"][0]["path"] = url
            self.ask("POST", f"/source/upload?jwt={good}", spec)
            self.ask("POST", f"/source/upload?jwt={bad}", spec)
            self.ask("GET", f"/source/planter/d{number}?jwt={good}")

    def _deliveries(self, key: str) -> None:
        data = json.dumps([self.secret("delivery's data")])
        for url in self._places("delivery's query"):
            macaroon = token("/export", identifier="planter", destination=url)
            self.said["macaroon"] = macaroon
            body = {"id": "", "uri": url, "data": data}
            self.ask("POST", "/export", body, X_Api_Key=macaroon)
            self.ask("POST", "/export", body, X_Api_Key=macaroon[:-3])
            self.ask("POST", "/lp/export?timeout=0", {"uri": url}, X_Api_Key=key)

    def _tasks(self) -> None:
        bearer = self.said["access token"] = self.idp.token(sub="planter")
        auth = {"Authorization": f"Bearer {bearer}"}
        task = self.ask("POST", "/api/v1/task", {}, **auth).json()["data"]["task_id"]
        assets = [
            {"file_name": f"{n}", "attributes": {}, "download_url": url}
            for n, url in enumerate(self._places("asset's query"))
        ]
        body = {"task_id": task, "data": assets, "last": True}
        self.ask("POST", "/api/v1/assets", body, **auth)
        opaque = self.secret("opaque token")
        self.ask("GET", "/api/v1/task?id=a", Authorization=f"Bearer {opaque}")

    def _shares(self, key: str) -> None:
        """Query a share by a key in the path, and make its log of who did."""
        stream = appending.stream_named("planted", client=a_client("planter"))
        appending.append_events(stream=stream, body=b'[{"a": "1"}]')
        share = sharing.create_share(stream=stream, clients=[], terms=Terms())
        for query in ("", "&filter=a%3D1", "&filter=(", "&token=nothing", "&limit=-1"):
            self.ask("GET", f"/shares/v2/{share.pk}?apikey={key}{query}")
            self.ask("POST", f"/shares/v2/async/{share.pk}?apikey={key}{query}")

    def _sign_ins(self) -> None:
        password = self.secret("staff's password")
        User.objects.create_superuser("root", password=password)
        page = requests.get(f"{self.service.address}/admin/login/", timeout=20)
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        for word in (password, self.secret("mistyped password")):
            form = {"username": "root", "password": word}
            form["csrfmiddlewaretoken"] = cookie.partition("=")[2]
            requests.post(
                f"{self.service.address}/admin/login/",
                data=form,
                headers={"Cookie": cookie},
                timeout=20,
                allow_redirects=False,
            )
