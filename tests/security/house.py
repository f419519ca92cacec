"""A live service without workers, and three people who each own one of everything.

Alice and Bob are in order; Carol owns as much, and her client was revoked.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.test import override_settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from exports import services as exports
from exports.dialects.pages.visitors import STARTED
from tasks.archive import stored
from tasks.engine.cluster import die_with
from tests.security.people import NAMES, Person, a_person, an_export
from tests.support.backends import bound_to, own_database
from tests.support.databox import SECRET
from tests.support.idp import AUDIENCE, Idp
from tests.support.polling import until
from tests.support.specstore import public_key
from tests.support.web import Web, free_port

ROOT = Path(__file__).resolve().parents[2]
# What a reply says that is 200 and refuses (contract 001).
NO = -200
OPEN = 101
LONGEST_S = 20.0
# Of the page's form: any will do that is in the cookie and in the header.
TOKEN = "a" * 32
CSRF = {"X-CSRFToken": TOKEN}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message  # which is asked in any case
    content: bytes

    @property
    def refuses(self) -> bool:
        try:
            told: Any = json.loads(self.content)
        except ValueError:
            return False
        return isinstance(told, dict) and told.get("success") in {False, "fail"}


@dataclass
class House:
    service: Web
    idp: Idp
    folder: Path
    people: dict[str, Person]
    staff: dict[str, dict[str, str]]  # headers, by kind of caller

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Reply:
        """Send a request exactly as it is written."""
        typed = {"Content-Type": "application/json"} if body is not None else {}
        sent: dict[str, str | bytes] = {**typed, **(headers or {})}
        port = self.service.port
        with closing(HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)) as line:
            line.request(method, path, body, sent)
            got = line.getresponse()
            return Reply(got.status, got.headers, got.read())

    def outcome(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> int:
        """Return a status, NO for a 200 that refuses, or how a WebSocket fared."""
        if method == "WS":
            return self._knock(path, headers)
        reply = self.ask(method, path, body, headers)
        return NO if reply.status == 200 and reply.refuses else reply.status

    def _knock(self, path: str, headers: Mapping[str, str]) -> int:
        """Return the handshake's status, or the code of a close that comes at once."""
        url = f"ws://127.0.0.1:{self.service.port}{path}"
        try:
            with connect(
                url, proxy=None, additional_headers=dict(headers), open_timeout=10
            ) as client:
                client.recv(timeout=0.3)
                return OPEN
        except InvalidStatus as refused:
            return refused.response.status_code
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else OPEN
        except TimeoutError:
            return OPEN

    @property
    def log(self) -> str:
        return (self.folder / "web.log").read_text(errors="replace")


@contextmanager
def a_house(backend: str, folder: Path) -> Iterator[House]:
    with (
        Idp() as idp,
        own_database(backend, folder) as url,
        bound_to(url),
        override_settings(
            STORE_URL=str(folder / "store"),
            SCRATCH_DIR=folder / "scratch",
            OIDC_ISSUER=idp.issuer,
            MACAROON_SECRET=SECRET,
        ),
    ):
        stored.store.cache_clear()
        people = {name: a_person(name, idp) for name in NAMES}
        staff = sessions(visit=people["alice"].things)
        with _served(folder, idp, DATABASE_URL=url) as service:
            yield House(service, idp, folder, people, staff)
        stored.store.cache_clear()


@contextmanager
def _served(folder: Path, idp: Idp, **environment: str) -> Iterator[Web]:
    """Run one web process as `manage.py up` does, in a production's settings."""
    port, parent = free_port(), os.getpid()
    command = [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
        *("--port", str(port), "--log-level", "warning", "--no-access-log"),
        *("--ws", "config.frames:Frames", "--lifespan", "on"),
    ]
    ours = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(folder),
        "SECRET_KEY": settings.SECRET_KEY,
        "LOG_LEVEL": "DEBUG",
        "AUTH_PUBLIC_KEY": public_key(),
        "MACAROON_SECRET": SECRET,
        "OIDC_ISSUER": idp.issuer,
        "OIDC_AUDIENCE": AUDIENCE,
        "OUTBOUND_ALLOW_NETS": f"127.0.0.0/8:{idp.issuer.rpartition(':')[2]}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with (folder / "web.log").open("wb") as log:
        popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**ours, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: die_with(parent),
        )
    service = Web(popen, port)
    try:
        until(
            lambda: service.answers("/healthz", 200),
            within_s=30,
            what="the web process answers",
        )
        yield service
    finally:
        popen.terminate()
        popen.wait(20)


def sessions(*, visit: dict[str, str]) -> dict[str, dict[str, str]]:
    """Make users of every kind; `visit` is told the export that the first has made."""
    own = User.objects.create_user("visitor", is_staff=True)
    another = User.objects.create_user("another", is_staff=True)
    former = User.objects.create_user("former visitor", is_staff=True)
    visit["visit"] = an_export(exports.staff("visitor"))
    found = {
        "none": {},
        "other": session_of(another),
        "revoked": session_of(former),
        "wrong": session_of(User.objects.create_user("no staff")),
        "own": session_of(own, **{STARTED: [visit["visit"]]}),
    }
    User.objects.filter(pk=former.pk).update(is_active=False)
    return {kind: {**CSRF, **headers} for kind, headers in found.items()}


def session_of(user: User, **kept: Any) -> dict[str, str]:
    """Return the cookie of somebody who has signed in."""
    browser = Browser()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session.update(kept)
    session.save()
    key = browser.cookies["sessionid"].value
    return {"Cookie": f"sessionid={key}; csrftoken={TOKEN}"}
