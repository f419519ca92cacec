"""Web processes and workers killed while clients hand over: all is accounted for."""

import json
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
import requests
from pytest_django import DjangoDbBlocker

from exports.models import Delivery
from tests.support.backends import why_not
from tests.support.databox import Databox, delivering, wanted
from tests.support.polling import until
from tests.support.processes import Proc, proc
from tests.support.sources import Sources
from tests.support.web import Web
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = [pytest.mark.live, pytest.mark.faults]

CLIENTS, EACH = 10, 20
TRIES = 40


class Box:
    """A destination that takes its time, and counts who called it with what."""

    def __init__(self, sources: Sources) -> None:
        self.url = sources.act("/box", self._answer)
        self.calls: defaultdict[str, list[int]] = defaultdict(list)

    def _answer(self, peer: Connection, request: Request) -> None:
        said = json.loads(request.body)
        self.calls[said["client"]].append(said["n"])
        peer.stopping.wait(0.05)
        peer.send(ok(b"taken"))


def hand_over_all(service: Web, box: Box, name: str) -> None:
    """Hand over one after another; ask again with the same key until it is taken."""
    client = Databox(service, identifier=name)
    for n in range(EACH):
        body = wanted(box.url, {"client": name, "n": n})
        for _ in range(TRIES):
            try:
                key = {"Idempotency-Key": f"{name}-{n}"}
                reply = client.post("/export", body, headers=key)
            except requests.ConnectionError:
                sleep(0.1)
                continue
            if reply.status_code == 200:
                break
            assert reply.status_code in {409, 503}, reply.text
            sleep(0.1)
        else:
            pytest.fail(f"{name} could not hand over number {n}")


def web_processes(service: Web) -> list[Proc]:
    return [one for one in proc(service.popen.pid).tree if runs(one, b"spawn_main")]


def workers(service: Web) -> list[Proc]:
    """Return the processes that nothing runs below, of those that work."""
    below = [one for one in proc(service.popen.pid).children if runs(one, b"work")]
    return [one for top in below for one in top.tree if not one.children]


def kill_one(service: Web, find: Callable[[Web], list[Proc]]) -> None:
    until(lambda: bool(find(service)), within_s=10, what="there is one to kill")
    for one in find(service)[-1:]:
        one.kill()


def runs(one: Proc, word: bytes) -> bool:
    line = Path(f"/proc/{one.pid}/cmdline")
    return line.exists() and word in line.read_bytes()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_of_200_deliveries_each_call_is_accounted_for(
    backend: str,
    tmp_path: Path,
    sources: Sources,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    if reason := why_not(backend):
        pytest.skip(reason)
    box = Box(sources)
    names = [f"client-{n}" for n in range(CLIENTS)]
    with (
        django_db_blocker.unblock(),
        delivering(backend, tmp_path, web=2) as service,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        handing = [pool.submit(hand_over_all, service, box, name) for name in names]
        for number in range(6):
            sleep(1.0)
            kill_one(service, workers if number % 3 == 2 else web_processes)
        for one in handing:
            one.result(timeout=90)
        answered = Delivery.objects.exclude(answered_at=None)
        until(
            lambda: answered.count() == CLIENTS * EACH,
            within_s=60,
            what="all deliveries are answered",
        )

        rows = list(Delivery.objects.all())

    said = [json.loads(one.data) for one in rows]
    assert sorted((one["client"], one["n"]) for one in said) == sorted(
        (name, n) for name in names for n in range(EACH)
    )
    for row, one in zip(rows, said, strict=True):
        calls = box.calls[one["client"]].count(one["n"])
        assert calls == 1 if row.answer_text == "200 OK" else calls <= 1
        assert row.answer_text == "200 OK" or "unknown" in row.answer_body
    assert [calls for calls in box.calls.values() if calls != sorted(calls)] == []
