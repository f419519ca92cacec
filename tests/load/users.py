"""What a client of each dialect does again and again, as a real one would."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.load.service import Served
from tests.load.talk import Talk
from tests.security.matrix import SPEC, filled
from tests.security.people import Person
from tests.support.specstore import token_of

Act = Callable[[Talk, Served, Person], Awaitable[None]]
USERS: dict[str, Act] = {}
POLLS = 60
PAUSE_S = 0.1


def user(name: str) -> Callable[[Act], Act]:
    def keep(act: Act) -> Act:
        USERS[name] = act
        return act

    return keep


@user("specstore")
async def publisher(talk: Talk, served: Served, person: Person) -> None:
    """Upload now and then; ask for the state, the lists and the files."""
    name = person.name
    spec = filled(SPEC, {"name": name})
    spec["meta"]["dataset"] = f"load-{random.randrange(20)}"
    resources = spec["inputs"][0]["parameters"]["descriptor"]["resources"]
    resources[0]["path"] = served.sources.url("/t.csv")
    token = {"Auth-Token": token_of(name, permissions={"max_dataset_num": 10**6})}
    made = await talk.ask("001 POST upload", "POST", "/source/upload", spec, token)
    flow = made.json.get("flow_id") or f"{name}/d/latest"
    for _ in range(POLLS):
        told = await talk.ask("001 GET source", "GET", f"/source/{flow}")
        if told.status != 200 or told.json["state"] in {"SUCCEEDED", "FAILED"}:
            break
        await asyncio.sleep(PAUSE_S)
    await talk.ask("001 GET list", "GET", f"/source/{name}", None, token)
    file = f"/datasets/{flow}/data/a_csv.csv"
    await talk.ask("001 GET file", "GET", file, None, token)


@user("databox")
async def deliverer(talk: Talk, served: Served, person: Person) -> None:
    """Hand over, and poll until the answer is there."""
    key = {"X-Api-Key": person.keys["deliver"]}
    body = {"id": "", "uri": served.sources.url("/box"), "data": '{"a": 1}'}
    made = await talk.ask("000 POST export", "POST", "/export", body, key)
    if made.status != 200:
        return
    body["id"] = made.json["id"]
    for _ in range(POLLS):
        path = "/lp/export?timeout=1"
        told = await talk.ask("000 POST lp/export", "POST", path, body, key)
        if told.status != 200 or told.json["state"] == "Finished":
            return


@user("FetchtoZip")
async def exporter(talk: Talk, served: Served, person: Person) -> None:
    """Configure, start, ask until it is done, and download."""
    key = {"Authorization": f"token {person.keys['export']}"}
    wanted = {"file_type": "zip", "source_url": served.sources.url("/t.csv")}
    await talk.ask(
        "003 POST configure",
        *("POST", "/api/export/configure", {**wanted, "paging": "none"}, key),
    )
    made = await talk.ask("003 POST start", "POST", "/api/export/start", None, key)
    if made.status != 200:
        return
    task = made.json["task_id"]
    await _until(
        *(talk, "003 GET status", f"/api/export/status/{task}", key),
        done=lambda told: told.get("status") != "in_progress",
    )
    path = f"/api/export/download/{task}"
    await talk.ask("003 GET download", "GET", path, None, key)


@user("common API")
async def collector(talk: Talk, served: Served, person: Person) -> None:
    """Make a task, name assets, ask until it is done, and take the result."""
    key = {"Authorization": f"Bearer {served.idp.token(sub=person.name)}"}
    made = await talk.ask("004 POST task", "POST", "/api/v1/task", {}, key)
    if made.status != 200:
        return
    task = made.json["data"]["task_id"]
    url = served.sources.url("/asset.bin")
    data = [
        {"file_name": f"{n}.bin", "attributes": {}, "download_url": f"{url}?n={n}"}
        for n in range(5)
    ]
    batch = {"task_id": task, "data": data, "last": True}
    await talk.ask("004 POST assets", "POST", "/api/v1/assets", batch, key)
    await _until(
        *(talk, "004 GET task", f"/api/v1/task?id={task}", key),
        done=lambda told: told.get("status") in {"COMPLETED", "FAILED"},
    )
    await talk.ask("004 GET result", "GET", f"/api/v1/result?id={task}", None, key)


@user("jobs")
async def watcher(talk: Talk, served: Served, person: Person) -> None:
    """List the newest jobs, wait for one of them, and read its log."""
    key = {"Authorization": f"Bearer {person.keys['jobs']}"}
    listed = await talk.ask("jobs GET list", "GET", "/jobs?limit=20", None, key)
    if listed.status != 200 or not listed.json["jobs"]:
        return
    job = random.choice(listed.json["jobs"])["id"]
    await talk.ask("jobs GET one", "GET", f"/jobs/{job}", None, key)
    await talk.ask("jobs GET events", "GET", f"/jobs/{job}/events", None, key)
    await asyncio.sleep(PAUSE_S)


async def _until(
    talk: Talk,
    kind: str,
    path: str,
    key: dict[str, str],
    *,
    done: Callable[[dict[str, Any]], bool],
) -> None:
    for _ in range(POLLS):
        told = await talk.ask(kind, "GET", path, None, key)
        if told.status != 200 or done(told.json):
            return
        await asyncio.sleep(PAUSE_S)
