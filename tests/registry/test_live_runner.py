"""A service and a runner, each in processes of its own, over real HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.specstore import Json, public_key, spec_of, table, token_of
from tests.support.web import ROOT, Web, up
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.live
DEPENDENCY = "Dependency unsuccessful. Cannot run until dependency"
ALL = (
    *("/validation_report", "/a_csv", "/a_json", "/id_zip"),
    *("/a_csv_preview", "/a", ""),
)


@pytest.fixture(params=["open", "by its own URL"])
def service(
    request: pytest.FixtureRequest, tmp_path: Path, sources: Sources
) -> Iterator[Web]:
    sources.act("/api/refresh", ok(b"{}"))
    settings = {
        "PIPELINE_RUNNER": "external",
        "DPP_URL": sources.url("/"),
        "SOURCE_UPDATE_OPEN": "on" if request.param == "open" else "off",
        "RUNNER_SILENT_S": "3",
        "OUTBOUND_ALLOW_NETS": "127.0.0.0/8",
        "AUTH_PUBLIC_KEY": public_key(),
    }
    with up(tmp_path, web=1, **settings) as running:
        yield running


def uploaded(service: Web) -> Json:
    resource = table("a", "http://example.com/a.csv", "n")
    reply = requests.post(
        f"{service.address}/source/upload",
        json=spec_of(resource),
        headers={"Auth-Token": token_of("me")},
        timeout=10,
    )
    whole: Json = reply.json()
    assert (reply.status_code, whole["errors"]) == (200, [])
    return whole


def run(hook: str, *pipelines: str) -> list[Json]:
    """Let a runner do its work; return the answers that it was given."""
    command = [sys.executable, "-m", "tests.support.runner", hook, *pipelines]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return [json.loads(line[4:]) for line in ended.stdout.decode().splitlines()]


def look(service: Web, flow_id: str) -> Json:
    whole: Json = service.get(f"/source/{flow_id}").json()
    return whole


def test_a_runner_takes_revisions_to_their_ends(
    service: Web, sources: Sources, request: pytest.FixtureRequest
) -> None:
    by_url = request.node.callspec.params["service"] != "open"
    anybodys = f"{service.address}/source/update"

    reply = uploaded(service)
    hook = reply["callback_url"] if by_url else anybodys
    answers = run(hook, *(f"me/id/1{one}" for one in ALL))

    assert len(sources.seen["/api/refresh"]) == 1
    assert [one["status"] for one in answers] == [
        "pending",
        *["running"] * 26,
        "success",
    ]
    good = look(service, "me/id/1")
    assert good["state"] == "SUCCEEDED"
    assert {one["status"] for one in good["pipelines"].values()} == {"SUCCEEDED"}
    assert good["stats"]["bytes"] == 1066

    reply = uploaded(service)
    hook = reply["callback_url"] if by_url else anybodys
    fine = [f"me/id/2{one}" for one in ("/validation_report", "/a_json", "/a")]
    answers = run(hook, "me/id/2/a_csv!", *fine)

    assert answers[-1]["status"] == "failed"
    bad = look(service, "me/id/2")
    assert (bad["state"], bad["error_log"]) == ("FAILED", ["load", "Traceback ..."])
    assert bad["pipelines"]["me/id/2/a_csv_preview"]["error_log"] == [
        f'{DEPENDENCY} "me/id/2/a_csv" is successfullyexecuted'
    ]

    # The third one is uploaded, and then its runner dies.
    reply = uploaded(service)
    run(reply["callback_url"], "me/id/3/a")
    until(
        lambda: look(service, "me/id/3")["state"] == "FAILED",
        within_s=20,
        what="the silent runner is timed out",
    )
    silent = ["Timed out: the runner was silent for more than 3 seconds"]
    assert look(service, "me/id/3")["error_log"] == silent
    for path in (anybodys, f"{anybodys}/x:y"):
        [*_, last] = run(path, "me/id/3/a")
        assert last["errors"] == ["pipeline not found"]
