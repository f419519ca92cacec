"""Who may do what: a row for each route, and what each kind of caller is answered.

`own` asks for their own thing, `other` for somebody else's; `revoked` has a key, an
identifier or a client that was revoked; `wrong` has a good credential of another
scope, path or service. Names in braces are of a person's things.
"""

from dataclasses import dataclass, replace
from typing import Any

from tests.security.house import NO, OPEN

PLACE = "http://198.51.100.1/"
SPEC: dict[str, Any] = {
    "meta": {
        "owner": "{name}",
        "ownerid": "{name}",
        "dataset": "new",
        "version": 1,
        "findability": "published",
    },
    "inputs": [
        {
            "kind": "datapackage",
            "url": "http://example.com/datapackage.json",
            "parameters": {
                "resource-mapping": {},
                "descriptor": {
                    "name": "new",
                    "resources": [
                        {"name": "a", "path": "http://example.com/a.csv", "schema": {}}
                    ],
                },
            },
        }
    ],
    "processing": [],
    "outputs": [],
    "schedule": "every 1d",
}
CONFIGURATION = {"file_type": "csv", "source_url": f"{PLACE}a.csv", "paging": "none"}
ASKED = {"inputs": [{"name": "n", "column": 0}], "configuration": CONFIGURATION}
HAND_OVER = {"id": "", "uri": PLACE, "data": "[]"}
ASK = {**HAND_OVER, "id": "{delivery}"}
CALLBACK = {"pipeline_id": "./{flow}", "event": "progress", "log": []}
ASSET = {"file_name": "a", "attributes": {}, "download_url": f"{PLACE}a"}


@dataclass(frozen=True)
class Row:
    method: str
    route: str
    path: str
    by: str  # the kind of credential
    own: int
    other: int = 404
    none: int = 401
    revoked: int = 401
    wrong: int = 401
    body: Any = None
    shows: str = ""  # a 200 without it refuses


def public(method: str, route: str, path: str, status: int, body: Any = None) -> Row:
    """Answer everybody alike."""
    row = Row(method, route, path, "nothing", status, body=body)
    return replace(row, other=status, none=status, revoked=status, wrong=status)


def hidden(method: str, route: str, path: str, own: int, **more: Any) -> Row:
    """Hide a private dataset from everybody but its owner."""
    told = {"none": 404, "revoked": 404, "wrong": 404}
    return Row(method, route, path, "owner", own, **{**told, **more})


def visited(
    method: str, route: str, path: str, own: int, *, none: int = 403, **more: Any
) -> Row:
    """Let staff in by their session, which alone knows what it has started."""
    told = {"none": none, "revoked": none, "wrong": none}
    return Row(method, route, path, "staff", own, **{**told, **more})


ROWS = [
    public("GET", "/readyz", "/readyz", 503),  # no worker runs
    Row("GET", "/metrics", "/metrics", "metrics", 200, other=200),
    public("GET", "/oidc/start", "/oidc/start", 404),
    public("GET", "/oidc/callback", "/oidc/callback?code=a&state=b", 404),
    # Contract 001
    Row(
        *("POST", "/source/upload", "/source/upload", "jwt"),
        *(200, NO, NO, NO, NO),
        body=SPEC,
    ),
    Row(
        *("POST", "/source/update", "/source/update", "callback"),
        *(200, NO, NO, NO, NO),
        body=CALLBACK,
    ),
    # Who knows a revision's own path needs no key.
    public(
        "POST", "/source/update/{token}", "/source/update/{callback}", 200, CALLBACK
    ),
    hidden("GET", "/source/{owner}", "/source/{name}", 200),
    hidden("GET", "/source/{owner}/{dataset}", "/source/{name}/d", 200),
    # The contract has it that anybody may read a revision's state.
    public(
        "GET", "/source/{owner}/{dataset}/{revision}", "/source/{name}/d/latest", 200
    ),
    hidden(
        "GET",
        "/source/{owner}/{dataset}/diff/{a}/{b}",
        "/source/{name}/d/diff/1/2",
        200,
    ),
    hidden(
        "GET",
        "/datasets/{owner}/{dataset}/diff/{a}/{b}/{resource}.csv",
        "/datasets/{name}/d/diff/1/2/a.csv",
        200,
    ),
    hidden(
        "GET",
        "/datasets/{owner}/{dataset}/{revision}/{file}",
        "/datasets/{name}/d/latest/data/a_csv.csv",
        200,
    ),
    # Contract 003: columns and configurations are the caller's own.
    Row(
        *("POST", "/api/export/inputs", "/api/export/inputs", "export", 200, 200),
        body={"name": "n", "column": 0, "change_order": 1},
    ),
    Row(
        *("POST", "/api/export/bulk-inputs", "/api/export/bulk-inputs", "export"),
        *(200, 200),
        body=[{"name": "n", "column": 0}],
    ),
    Row(
        "GET", "/api/export/inputs-list", "/api/export/inputs-list", "export", 200, 200
    ),
    Row(
        *("POST", "/api/export/configure", "/api/export/configure", "export"),
        *(200, 200),
        body=CONFIGURATION,
    ),
    Row(
        # What is refused to all who may ask is the address.
        *("POST", "/api/export/preview", "/api/export/preview", "export", 422, 422),
        body=CONFIGURATION,
    ),
    Row("POST", "/api/export/start", "/api/export/start", "export", 200, 200),
    Row(
        *("GET", "/api/export/status/{task_id}", "/api/export/status/{export}"),
        *("export", 200),
    ),
    Row(
        *("WS", "/api/export/ws/{task_id}", "/api/export/ws/{export}", "export"),
        *(OPEN, 4404),
    ),
    Row(
        *("GET", "/api/export/download/{task_id}", "/api/export/download/{export}"),
        *("export", 200),
    ),
    Row(
        *("DELETE", "/api/export/cancel/{task_id}", "/api/export/cancel/{export}"),
        *("export", 400),  # it has ended
    ),
    Row(
        *("DELETE", "/api/export/inputs-clear", "/api/export/inputs-clear", "export"),
        *(200, 200),
    ),
    public("GET", "/api/export/{path}", "/api/export/nothing", 404),
    # Contract 000
    Row("POST", "/export", "/export", "deliver", 200, body=ASK),
    Row("POST", "/lp/export", "/lp/export?timeout=0", "deliver", 200, body=ASK),
    Row("WS", "/ws/export", "/ws/export", "deliver", OPEN, OPEN),
    public("GET", "/export", "/export", 405),
    public("GET", "/lp/export", "/lp/export", 405),
    # Contract 004
    Row(
        *("POST", "/api/v1/task", "/api/v1/task", "write", 200, 200),
        wrong=403,
        body={"processor": "archive", "on_failure": "stop"},
    ),
    Row("GET", "/api/v1/task", "/api/v1/task?id={task}", "read", 200, wrong=403),
    Row(
        *("POST", "/api/v1/assets", "/api/v1/assets", "write", 200),
        wrong=403,
        body={"task_id": "{task}", "data": [ASSET], "last": False},
    ),
    Row(
        *("POST", "/api/v1/task/start", "/api/v1/task/start?id={task}", "write", 200),
        wrong=403,
    ),
    Row("GET", "/api/v1/result", "/api/v1/result?id={done}", "read", 200, wrong=403),
    Row("DELETE", "/api/v1/task", "/api/v1/task?id={task}", "write", 200, wrong=403),
    public("GET", "/api/v1/status", "/api/v1/status", 200),
    public("GET", "/api/v1/{path}", "/api/v1/nothing", 404),
    public("GET", "/results/{task_id}/{path}", "/results/{site}/index.html", 200),
    # Contract 002
    *(
        Row(method, f"/shares/v2/async/{{share_id}}{rest}", path, "share", own, other)
        for method, rest, path, own, other in (
            ("POST", "", "/shares/v2/async/{share}", 202, 403),
            ("POST", "/count", "/shares/v2/async/{share}/count", 202, 403),
            ("POST", "/{index}", "/shares/v2/async/{notice}/1", 202, 403),
            ("POST", "/{index}/count", "/shares/v2/async/{notice}/1/count", 202, 403),
            (
                "GET",
                "/jobs/{job_id}",
                "/shares/v2/async/{share}/jobs/{query}",
                302,
                403,
            ),
            (
                *("GET", "/results/{job_id}"),
                *("/shares/v2/async/{share}/results/{query}", 200, 403),
            ),
        )
    ),
    *(
        Row("GET", f"{root}/{{share_id}}{rest}", f"{root}/{path}", "share", 200, 403)
        for root in ("/shares", "/shares/v2")
        for rest, path in (
            ("", "{share}"),
            ("/count", "{share}/count"),
            ("/{index}", "{notice}/1"),
            ("/{index}/count", "{notice}/1/count"),
        )
    ),
    Row(
        *("POST", "/shares/v2/{share_id}/events", "/shares/v2/{share}/events"),
        *("append", 201, 403),
        body=[{"a": "1", "b": ["2", "3"]}],
    ),
    public("GET", "/shares/{path}", "/shares/nothing", 404),
    # Pages
    public("GET", "/", "/", 200),
    public("GET", "/openapi.json", "/openapi.json", 200),
    public("GET", "/docs", "/docs", 200),
    public("GET", "/docs/{name}", "/docs/sharing", 200),
    hidden("GET", "/datasets/{owner}", "/datasets/{name}", 200),
    hidden("GET", "/datasets/{owner}/{dataset}", "/datasets/{name}/d", 200),
    hidden(
        "GET",
        "/datasets/{owner}/{dataset}/{revision}",
        "/datasets/{name}/d/latest",
        200,
    ),
    hidden(
        "GET",
        "/datasets/{owner}/{dataset}/diff",
        "/datasets/{name}/d/diff?a=1&b=2",
        200,
    ),
    visited("GET", "/export/new", "/export/new", 200, other=200, none=302),
    visited(
        *("POST", "/export/new/preview", "/export/new/preview", 422),
        other=422,
        body=ASKED,
    ),
    visited(
        *("POST", "/export/new/start", "/export/new/start", 201), other=201, body=ASKED
    ),
    visited("GET", "/export/new/{task_id}", "/export/new/{visit}", 200),
    visited(
        *("GET", "/export/new/{task_id}/file", "/export/new/{visit}/file", 200),
        none=404,
    ),
    visited(
        *("WS", "/export/new/{task_id}/follow", "/export/new/{visit}/follow", OPEN),
        other=4404,
        none=4404,
    ),
    visited("DELETE", "/export/new/{task_id}", "/export/new/{visit}", 409),
    # The jobs API
    Row("GET", "/jobs", "/jobs", "jobs", 200, NO, shows="{job}"),
    Row("GET", "/jobs/{job_id}", "/jobs/{job}", "jobs", 200),
    Row("GET", "/jobs/{job_id}/events", "/jobs/{job}/events", "jobs", 200),
    Row("WS", "/ws/jobs/{job_id}", "/ws/jobs/{job}", "jobs", OPEN, 4404),
    Row("POST", "/jobs/{job_id}/retry", "/jobs/{failed}/retry", "jobs", 202),
    Row("DELETE", "/jobs/{job_id}", "/jobs/{job}", "jobs", 202),
]


def filled(value: Any, things: dict[str, str]) -> Any:
    """Put a person's things where their names stand in braces."""
    if isinstance(value, dict):
        return {key: filled(inner, things) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(one, things) for one in value]
    if not isinstance(value, str):
        return value
    for name, thing in things.items():
        value = value.replace(f"{{{name}}}", thing)
    return value
