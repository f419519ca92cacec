"""Every field of every dialect that takes an address, and how it comes to be fetched.

Each is given an address and does what a client, staff or a source does with it; then
the workers run. What it returns are the replies' statuses and all that was said.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import Client, override_settings

from exports import deliveries
from exports.dialects.databox import decode
from registry import elsewhere, tokens
from registry.errors import NotAuthorised, RefreshFailed
from registry.models import Subscription
from tasks.engine import clock, shift
from tasks.models import Job
from tasks.oidc import access, opaque, provider
from tasks.oidc.errors import OidcError
from tasks.services import create_key
from tests.support.common import ASSETS, Issuer
from tests.support.jobs import a_client
from tests.support.specstore import spec_of, table, token_of
from tests.tasks.outbound.servers import Server, ok

OURS = ("internal_error", "database")
MOST_SHIFTS = 10
PASSWORDS = "django.contrib.auth.backends.ModelBackend"


@dataclass
class World:
    client: Client
    issuer: Issuer
    door: Server  # allowed; for what a source's answer says
    said: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """Send JSON; `_` in a header's name stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.client.raise_request_exception = False
        reply = self.client.generic(
            method, path, json.dumps(body), "application/json", headers=named
        )
        self.statuses.append(reply.status_code)
        self.said.append(reply.content.decode())
        return reply

    def work(self) -> None:
        """Run all jobs until none is due; keep what they say, and forget them."""
        for _ in range(MOST_SHIFTS):
            shift.answer()
            if not Job.objects.due(at=clock.now()).exists():
                break
        for job in Job.objects.exclude(error_code=""):
            self.said.append(job.error)
            self.statuses.append(500 if job.error_code in OURS else 200)
        Job.objects.open().update(state="cancelled", due_at=None)
        Job.objects.update(error_code="", error="")


Fetch = Callable[[World, str], None]
FIELDS: dict[str, Fetch] = {}


def named(name: str) -> Callable[[Fetch], Fetch]:
    def keep(fetch: Fetch) -> Fetch:
        FIELDS[name] = fetch
        return fetch

    return keep


def _upload(world: World, spec: Any) -> None:
    permissions = {"max_dataset_num": 10**6}
    token = token_of("me", permissions=permissions)
    world.ask("POST", "/source/upload", spec, Auth_Token=token)
    world.work()


@named("spec: a resource's path")
def resource_path(world: World, url: str) -> None:
    _upload(world, spec_of(table("t", url, "n")))


@named("spec: inputs[0].url with a relative path")
def base_url(world: World, url: str) -> None:
    spec = spec_of(table("t", "t.csv", "n"))
    spec["inputs"][0]["url"] = url
    _upload(world, spec)


@named("spec: resource-mapping")
def mapping(world: World, url: str) -> None:
    spec = spec_of(table("t", "http://example.com/t.csv", "n"))
    spec["inputs"][0]["parameters"]["resource-mapping"] = {"t": url}
    _upload(world, spec)


def _export(world: World, **configuration: Any) -> None:
    key = _key("export")
    rows = [{"name": "n", "column": 0}]
    world.ask("POST", "/api/export/bulk-inputs", rows, Authorization=key)
    whole = {"file_type": "csv", "paging": "none", **configuration}
    world.ask("POST", "/api/export/configure", whole, Authorization=key)
    world.ask("POST", "/api/export/start", None, Authorization=key)
    world.work()


def _key(scope: str) -> str:
    return f"token {create_key(client=a_client(), scopes=[scope])[1]}"


@named("export: source_url")
def source_url(world: World, url: str) -> None:
    _export(world, source_url=url)


@named("export page: source_url, previewed and started")
def export_page(world: World, url: str) -> None:
    root = _root()
    world.client.force_login(root, backend=PASSWORDS)
    wanted = {"file_type": "csv", "paging": "none", "source_url": url}
    body = {"inputs": [{"name": "n", "column": 0}], "configuration": wanted}
    world.ask("POST", "/export/new/preview", body)
    world.ask("POST", "/export/new/start", body)
    world.work()


@named("export: db_url")
def db_url(world: World, url: str) -> None:
    _export(world, db_url=url)


@named("export: EXPORT_SOURCE_URL, as the operator's")
def export_source(world: World, url: str) -> None:
    with override_settings(EXPORT_SOURCE_URL=url):
        _export(world)


@named("export: preview of a source_url")
def preview(world: World, url: str) -> None:
    key = _key("export")
    wanted = {"file_type": "csv", "paging": "none", "source_url": url}
    world.ask("POST", "/api/export/preview", wanted, Authorization=key)
    # A source that cannot be read is the reply's 502 or 504, and no fault of ours.
    world.statuses = [200 if s in {502, 504} else s for s in world.statuses]


@named("export: the next page's link")
def next_link(world: World, url: str) -> None:
    world.door.says(ok(b'[{"n": 1}]', f"Link: <{_on_a_line(url)}>; rel=next"))
    paging = {"style": "link"}
    _export(world, source_url=f"{world.door.origin}/p", paging=paging)


def _on_a_line(url: str) -> str:
    return "".join(c for c in url if c.isprintable() and ord(c) < 256)


@named("delivery: uri")
def delivery_uri(world: World, url: str) -> None:
    body = json.dumps({"id": "", "uri": url, "data": "[]"}).encode()
    try:
        asked = decode.read(body)
    except decode.Undecodable as error:
        world.said.append(str(error))
        return
    made = deliveries.submit(client=a_client(), destination=asked.uri, data="[]")
    world.work()
    made.refresh_from_db()
    world.said.append(f"{made.answer_text} {made.answer_body}")


@named("task: an asset's download_url")
def download_url(world: World, url: str) -> None:
    bearer = f"Bearer {world.issuer.token()}"
    made = world.ask("POST", "/api/v1/task", {}, Authorization=bearer)
    batch = [{"file_name": "a", "attributes": {}, "download_url": url}]
    body = {"task_id": made.json()["data"]["task_id"], "data": batch}
    world.ask("POST", ASSETS, body, Authorization=bearer)
    world.work()


@named("subscription: url, in the admin")
def subscription_form(world: World, url: str) -> None:
    staff = Client(raise_request_exception=False)
    staff.force_login(_root(), backend=PASSWORDS)
    form = {"owner": "me", "url": url.encode(errors="replace").decode()}
    reply = staff.post("/admin/registry/subscription/add/", form)
    world.statuses.append(reply.status_code)
    _tell_subscribers(world)


@named("subscription: url, however it came into the row")
def subscription_row(world: World, url: str) -> None:
    # PostgreSQL keeps neither.
    kept = url.replace("\x00", "").encode(errors="replace").decode()
    Subscription.objects.create(owner="me", url=kept[:2000], secret="whsec_c2VjcmV0")
    _tell_subscribers(world)


def _root() -> User:
    return User.objects.get_or_create(
        username="root", is_staff=True, is_superuser=True
    )[0]


def _tell_subscribers(world: World) -> None:
    """Have a revision fail, so that subscribers are told."""
    _upload(world, spec_of(table("t", "http://10.0.0.1/", "n")))
    Subscription.objects.all().delete()


@named("INCIDENT_URL, as the operator's")
def incident_url(world: World, url: str) -> None:
    with override_settings(INCIDENT_URL=url):
        _upload(world, spec_of(table("t", "http://10.0.0.1/", "n")))


@named("DPP_URL, as the operator's")
def dpp_url(world: World, url: str) -> None:
    with override_settings(DPP_URL=url, PIPELINE_RUNNER="external"):
        try:
            elsewhere.refresh()
        except RefreshFailed as error:
            world.said.append(str(error))


@named("AUTH_SERVER, as the operator's")
def auth_server(world: World, url: str) -> None:
    host = url.partition("://")[2]
    with override_settings(AUTH_SERVER=host, AUTH_PUBLIC_KEY=""):
        tokens.public_key = tokens.PublicKey()
        try:
            tokens.read_token(token_of("me"))
        except NotAuthorised as error:
            world.said.append(str(error))


@named("OIDC: jwks_uri, as the provider says")
def jwks_uri(world: World, url: str) -> None:
    _discover(world, jwks_uri=url)
    _present(world, world.issuer.token())


@named("OIDC: introspection_endpoint, as the provider says")
def introspection(world: World, url: str) -> None:
    _discover(world, jwks_uri=world.issuer.url("/keys"), introspection_endpoint=url)
    # One that has not failed lately, or it would not ask at all.
    afresh = patch.object(access, "verdicts", opaque.Verdicts())
    us = override_settings(OIDC_CLIENT_ID="us", OIDC_CLIENT_SECRET="s3cret")
    with afresh, us:
        _present(world, "an-opaque-token")


def _discover(world: World, **doors: str) -> None:
    body = json.dumps({"issuer": world.issuer.origin, **doors}).encode()
    path = "/.well-known/openid-configuration"
    world.issuer.put(path, body, "Content-Type: application/json")
    provider.forget()


def _present(world: World, token: str) -> None:
    try:
        access.grant_of(f"Bearer {token}")
    except OidcError as error:
        world.said.append(str(error))
