"""Somebody with every kind of credential and one of everything that can be owned."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import override_settings
from django.utils import timezone

from exports import appending, deliveries, share_queries, sharing
from exports import services as exports
from exports.asking import Asked
from exports.models import ShareKind
from exports.request import Configuration, Input
from exports.sharing import Terms
from registry import elsewhere, history
from registry import services as registry
from tasks import services
from tasks.collecting.services import create_task
from tasks.engine import shift
from tasks.models import Client, Identity, Job, ResultType
from tasks.states import JobState
from tests.support.common import an_artifact, put_result, put_website
from tests.support.history import KEYED, a_revision
from tests.support.idp import Idp
from tests.support.jobs import put
from tests.support.specstore import spec_of, table

NAMES = ("alice", "bob", "carol")
SCOPES = (
    *("append", "callback", "datasets", "deliver", "export", "jobs", "metrics"),
    "share",
)
PLACE = "http://198.51.100.1/"
CSV = b"n,m\n1,2\n"


@dataclass
class Person:
    name: str
    client: Client
    keys: dict[str, str]  # by scope
    revoked_keys: dict[str, str]
    all_but: dict[str, str]  # keys of every scope but that
    things: dict[str, str] = field(default_factory=dict)  # what paths name


def a_person(name: str, idp: Idp) -> Person:
    client = Client.objects.create(name=name, destinations=[PLACE])
    for scheme, subject in (
        (Identity.Scheme.JWT, name),
        (Identity.Scheme.MACAROON, name),
        (Identity.Scheme.OIDC, f"{idp.issuer} {name}"),
    ):
        Identity.objects.create(client=client, scheme=scheme, subject=subject)
    person = Person(
        name,
        client,
        keys={scope: _key(client, scope) for scope in SCOPES},
        revoked_keys={scope: _key(client, scope, revoked=True) for scope in SCOPES},
        all_but={
            scope: _key(client, *(one for one in SCOPES if one != scope))
            for scope in SCOPES
        },
    )
    person.things |= {"name": name, "nobodys": "0" * 32, **_revisions(name)}
    person.things |= fresh_things(person)
    if name == "carol":
        Client.objects.filter(pk=client.pk).update(revoked_at=timezone.now())
    return person


def fresh_things(person: Person, **export: Any) -> dict[str, str]:
    """Make one of each thing that a request may use up."""
    client = person.client
    return {
        "job": _job(client),
        "failed": _job(client, state=JobState.FAILED, due_at=None),
        "export": an_export(client, **export),
        "delivery": str(
            deliveries.submit(client=client, destination=PLACE, data="[]").pk
        ),
        "task": str(create_task(client=client).pk),
        **_results(client),
        **_shares(client),
    }


def _key(client: Client, *scopes: str, revoked: bool = False) -> str:
    key, text = services.create_key(client=client, scopes=list(scopes))
    if revoked:
        key.revoked_at = timezone.now()
        key.save()
    return text


def _revisions(name: str) -> dict[str, str]:
    """Make a private dataset of two revisions, and one that a runner elsewhere has."""
    for content in (CSV, CSV + b"2,3\n"):
        a_revision(content, _spec(name, "d"))
    _compare(name)
    with override_settings(PIPELINE_RUNNER="external"):
        runs = registry.upload(
            contents=_spec(name, "elsewhere"), max_datasets=None, at=timezone.now()
        )
    url = elsewhere.callback_url(runs, origin="")
    return {"callback": url.rpartition("/")[2], "flow": runs.flow_id}


def _compare(name: str) -> None:
    """Have what changed between the two found; equal files are compared once."""
    words = {"owner": name, "dataset": "d", "before": "1", "after": "2"}
    history.compare(**words, is_owner=lambda: True)
    compared = Job.objects.open().filter(kind="registry.diff")
    # A shift ends by the clock, on a busy machine before its work does.
    for _ in range(20):
        if not compared.exists():
            break
        shift.answer()


def _spec(owner: str, dataset: str) -> Any:
    one = table("a", "http://example.com/a.csv", schema=KEYED)
    spec = spec_of(one, owner=owner, dataset=dataset)
    return spec | {"meta": spec["meta"] | {"findability": "private"}}


def _job(client: Client, **fields: Any) -> str:
    job = services.enqueue("registry.event", client=client, params={}, lane=client.name)
    later = timezone.now() + timedelta(hours=1)
    return str(put(job, **{"due_at": later, **fields}).pk)


def an_export(client: Client, **more: Any) -> str:
    """Make an export that has succeeded."""
    exports.save_inputs(client=client, inputs=[Input(name="n", column=0)])
    place = {"file_type": "csv", "source_url": f"{PLACE}a.csv"}
    wanted = Configuration(**{**place, **more})
    exports.configure(client=client, configuration=wanted)
    task = exports.start(client=client)
    task.artifact = an_artifact(CSV, "a.csv", "text/csv")
    task.save()
    put(task.job, state=JobState.SUCCEEDED, due_at=None)
    return task.pk


def _shares(client: Client) -> dict[str, str]:
    """Make a share of either kind, and a query of the first."""
    stream = appending.stream_named(f"of {client} {uuid4()}", client=client)
    appending.append_events(stream=stream, body=b'[{"a": "1"}]')
    shares = [
        sharing.create_share(stream=stream, clients=[client], terms=Terms(kind=kind))
        for kind in (ShareKind.API, ShareKind.NOTIFICATION)
    ]
    query = share_queries.submit(
        client=client,
        share=shares[0],
        asked=Asked(),
        batch=None,
        is_count=False,
        at=timezone.now(),
    )
    share, notice = (str(one.pk) for one in shares)
    return {"share": share, "notice": notice, "query": str(query.pk)}


def _results(client: Client) -> dict[str, str]:
    done = str(create_task(client=client).pk)
    put_result(done, CSV, "a.csv", type_=ResultType.STREAM, media_type="text/csv")
    site = str(create_task(client=client).pk)
    put_website(site, {"index.html": b"<p>hello"})
    return {"done": done, "site": site}
