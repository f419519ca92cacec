"""A live service with every door open, and what each of them is opened with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from django.conf import settings

from tasks.services import create_client, create_key
from tests.support.backends import bound_to, own_database
from tests.support.common import AUDIENCE, Issuer
from tests.support.databox import SECRET
from tests.support.specstore import private_key, public_key
from tests.support.web import Web, up

SCOPES = [
    *("export", "deliver", "jobs", "datasets", "callback", "metrics"),
    *("share", "append"),
]


@dataclass(frozen=True)
class Whole:
    """The service; `issuer` vouches for callers, and has files to be fetched."""

    web: Web
    issuer: Issuer
    folder: Path
    key: str

    @property
    def log(self) -> str:
        return (self.folder / "up.log").read_text(errors="replace")

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        how.setdefault("timeout", 20)
        return requests.request(method, f"{self.web.address}{path}", **how)

    @property
    def by_key(self) -> dict[str, str]:
        return {"Authorization": f"token {self.key}"}

    @property
    def by_oidc(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token()}"}


@contextmanager
def whole_service(folder: Path, **changes: str) -> Iterator[Whole]:
    """Run it on SQLite, bound to this process' ORM."""
    private, public = folder / "auth.pem", folder / "auth.pub"
    private.write_text(private_key())
    public.write_text(public_key())
    with (
        Issuer() as issuer,
        own_database("sqlite", folder) as url,
        bound_to(url),
    ):
        environment: dict[str, Any] = {
            "DATABASE_URL": url,
            "DEBUG": "on",
            "SECRET_KEY": settings.SECRET_KEY,
            "MACAROON_SECRET": SECRET,
            "AUTH_PUBLIC_KEY": str(public),
            "AUTH_PRIVATE_KEY": str(private),
            "OIDC_ISSUER": issuer.origin,
            "OIDC_AUDIENCE": AUDIENCE,
            **changes,
        }
        _, key = create_key(client=create_client(name="alice"), scopes=SCOPES)
        with up(folder, **environment) as web:
            yield Whole(web, issuer, folder, key)
