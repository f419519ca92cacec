"""Partners who read shares in tests: live services, streams, keys and queries."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from django.conf import settings
from django.utils import timezone

from exports import appending, share_pages, share_queries, sharing
from exports.asking import Asked
from exports.models import Batch, EventStream, Share, ShareKind, ShareQuery
from exports.sharing import Terms
from tasks.services import create_key
from tests.support.backends import bound_to, own_database
from tests.support.jobs import a_client
from tests.support.polling import until
from tests.support.web import Web, up

NOBODYS = "11111111-2222-4333-8444-555555555555"
Event = dict[str, Any]


@contextmanager
def sharing_service(
    backend: str, folder: Path, *, web: int = 1, **changes: str
) -> Iterator[Web]:
    """Run `manage.py up` on a database that this process' ORM is bound to, too."""
    environment = {"SECRET_KEY": settings.SECRET_KEY, **changes}
    with (
        own_database(backend, folder) as url,
        bound_to(url),
        up(folder, web=web, DATABASE_URL=url, **environment) as service,
    ):
        yield service


def a_stream(name: str = "stream", *, time_key: str = "") -> EventStream:
    return appending.stream_named(name, client=a_client("owner"), time_key=time_key)


def a_share(
    name: str = "stream",
    *,
    readers: tuple[str, ...] = ("alice",),
    time_key: str = "",
    **terms: Any,
) -> Share:
    """Share a new stream, which is there from then on."""
    if terms.pop("notification", False):
        terms["kind"] = ShareKind.NOTIFICATION
    clients = [a_client(one) for one in readers]
    # A test that is run once more has another one.
    stream = a_stream(f"{name} {uuid4()}", time_key=time_key)
    return sharing.create_share(stream=stream, clients=clients, terms=Terms(**terms))


def put(stream: EventStream, events: list[Event]) -> Batch:
    """Append events to a stream in this process."""
    return appending.append_events(
        stream=stream, body=json.dumps(events).encode()
    ).batch


def a_key(name: str = "alice", *scopes: str) -> str:
    """Make a key of a client, to read with if nothing else is said."""
    return create_key(client=a_client(name), scopes=list(scopes or ("share",)))[1]


def some_events(count: int, **more: Any) -> list[Event]:
    return [{"n": str(number), **more} for number in range(count)]


class Partner:
    """A client of a live service, with a key."""

    def __init__(self, service: Web, name: str = "alice", *, key: str = "") -> None:
        self.service = service
        self.name = name
        self.key = key or a_key(name)

    def ask(self, method: str, path: str, **headers: str) -> requests.Response:
        """Send a request; `_` in a header's name stands for `-`."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return requests.request(
            method,
            f"{self.service.address}{path}",
            headers={"Authorization": f"token {self.key}", **named},
            allow_redirects=False,
            timeout=30,
        )

    def post(self, share: Share, rest: str = "", **headers: str) -> requests.Response:
        """Post a query; `rest` is what its path and parameters go on with."""
        return self.ask("POST", f"/shares/v2/async/{share.pk}{rest}", **headers)

    def submit(self, share: Share, rest: str = "") -> str:
        """Post a query that is taken in; return the path of its state."""
        reply = self.post(share, rest)
        assert reply.status_code == 202, reply.text
        return reply.headers["Location"]

    def finished(self, status_path: str) -> str:
        """Poll until the query is finished; return the path of its results."""
        poll = partial(self.ask, "GET", status_path)
        reply = until(
            lambda: [one for one in [poll()] if one.status_code != 202],
            within_s=20,
            what="the query is finished",
        )[0]
        assert reply.status_code == 302, reply.text
        return reply.headers["Location"]

    def query(self, share: Share, rest: str = "") -> requests.Response:
        """Go through all three phases."""
        return self.ask("GET", self.finished(self.submit(share, rest)))

    def append(self, share: Share, events: list[Event]) -> requests.Response:
        """Append as the stream's owner."""
        return requests.post(
            f"{self.service.address}/shares/v2/{share.pk}/events",
            data=json.dumps(events),
            headers={"Authorization": f"token {a_key('owner', 'append')}"},
            timeout=30,
        )

    def url(self, share: Share) -> str:
        """Return the address that a partner is given, key and all."""
        return f"{self.service.address}/shares/v2/{share.pk}?apikey={self.key}"


def a_query(
    share: Share, *, name: str = "alice", is_count: bool = False, **asked: Any
) -> ShareQuery:
    """Post a query in this process; a worker may be needed to answer it."""
    return share_queries.submit(
        client=a_client(name),
        share=Share.objects.select_related("stream").get(pk=share.pk),
        asked=Asked(**asked),
        batch=None,
        is_count=is_count,
        at=timezone.now(),
    )


def events_in(zipped: bytes) -> list[Event]:
    events: list[Event] = json.loads(gzip.decompress(zipped))
    return events


def read_page(query: ShareQuery) -> list[Event]:
    """Take a finished query's events, in this process."""
    body = b"".join(share_pages.open_page(query, zipped=False))
    events: list[Event] = json.loads(body)
    return events
