"""A runner elsewhere in tests: what it posts, as dpp 2.2.11 does, and where."""

import json

from django.test import Client

from registry.models import Pipeline, Revision
from tests.support.specstore import Json, post, spec_of, table

RUN_LOG = [
    "(sink): >>> PROCESSED ROWS: 0",
    "load: INFO    :Processed 2 rows",
]
STATS = {
    ".dpp": {"out-datapackage-url": "out/ok/datapackage.json"},
    "bytes": 1066,
    "count_of_rows": 2,
    "dataset_name": "_",
    "hash": "8a91",
}
TRACEBACK = ["load", "Traceback (most recent call last):", "ValueError: no"]
NOT_FOUND = {
    "errors": ["pipeline not found"],
    "id": None,
    "status": None,
    "success": "fail",
}


def run_of(pipeline_id: str) -> list[Json]:
    """Write the four messages of a run that succeeds, in the runner's order."""
    said = {"pipeline_id": f"./{pipeline_id}"}
    return [
        {**said, "event": "queue"},
        {**said, "event": "start"},
        {**said, "event": "progress", "log": RUN_LOG},
        {**said, "event": "finish", "success": True, "stats": STATS},
    ]


def failed(pipeline_id: str) -> Json:
    said = {"pipeline_id": f"./{pipeline_id}", "event": "finish"}
    return {**said, "success": False, "errors": TRACEBACK}


def upload_elsewhere(client: Client, *, tables: int = 0, owner: str = "me") -> Json:
    """Upload a spec whose pipelines run elsewhere; return the whole answer."""
    resources = [table(f"t{n}", f"http://example.com/{n}.csv") for n in range(tables)]
    spec = spec_of(*resources, owner=owner)
    reply: Json = post(client, spec, owner=owner)
    assert reply["errors"] == []
    return reply


def tell(
    client: Client, body: object, *, path: str = "/source/update", **headers: str
) -> Json:
    """Post one message, which must be answered with 200; return the reply's JSON."""
    reply = client.post(
        path,
        data=body if isinstance(body, str | bytes) else json.dumps(body),
        content_type="application/json",
        headers=headers,
    )
    assert reply.status_code == 200, reply.content
    assert reply.headers["Content-Type"] == "application/json"
    answer: Json = reply.json()
    return answer


def states(flow_id: str) -> dict[str, str]:
    """Return the state of each pipeline by what follows the flow id."""
    pipelines = Pipeline.objects.filter(revision=revision_row(flow_id)).in_order()
    pairs = pipelines.values_list("pipeline_id", "state")
    return {id_.removeprefix(flow_id).lstrip("/"): state for id_, state in pairs}


def revision_row(flow_id: str) -> Revision:
    return Revision.objects.of_flow(flow_id).get()
