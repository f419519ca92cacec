"""Polls and long-polls of a live service: when they return, and who gets the result."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

import pytest

from exports.models import Delivery
from tests.support.databox import (
    Databox,
    answered,
    echoes,
    poll_and_read_nothing,
    wanted,
)
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.web import Web
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.live


def poll(client: Databox, uri: str, data: object) -> tuple[list[str], Any]:
    """Hand over and long-poll to the end; return the states told, and the answer."""
    reply = client.post("/lp/export", wanted(uri, data)).json()
    states = [reply["state"]]
    while reply["state"] != "Finished":
        reply = client.ask(reply["id"], path="/lp/export?timeout=20").json()
        states.append(reply["state"])
    return states, reply["ext_response"]


def test_a_long_polling_client_sees_each_state_once(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="poller")
    began = monotonic()

    states, answer = poll(client, destination.url("/slow"), {"a": [1, "é"]})

    # It may have been taken up before it was first asked for.
    assert states in (["Pending", "Finished"], ["Pending", "Processing", "Finished"])
    assert answer == {"status": "200 OK", "body": '{"a":[1,"é"]}'}
    assert 1.5 <= monotonic() - began < 8.0


def test_a_change_to_processing_counts_as_one(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="two")
    client.hand_over(destination.url("/slow"))
    second = client.hand_over(destination.url("/slow"))

    first_change = client.ask(second, path="/lp/export?timeout=20").json()
    second_change = client.ask(second, path="/lp/export?timeout=20").json()

    assert first_change == {"id": second, "state": "Processing", "ext_response": {}}
    assert second_change["state"] == "Finished"


def test_without_a_change_a_long_poll_ends_in_its_time(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="waits")
    destination.act("/asleep", echoes(after_s=3.0))
    client.hand_over(destination.url("/asleep"))
    second = client.hand_over(destination.url("/echo"))

    began = monotonic()
    reply = client.ask(second, path="/lp/export?timeout=0.5")
    took_s = monotonic() - began

    assert reply.json() == {"id": second, "state": "Pending", "ext_response": {}}
    assert 0.5 <= took_s < 1.5


def test_handing_over_is_answered_at_once_by_a_long_poll_too(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="hurry")

    began = monotonic()
    client.hand_over(destination.url("/slow"), path="/lp/export")

    assert monotonic() - began < 1.0


def test_of_sixteen_who_ask_at_once_one_gets_the_result(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="sixteen")
    delivery_id = client.hand_over(destination.url("/echo"))
    answered(delivery_id)

    with ThreadPoolExecutor(16) as aside:
        replies = list(aside.map(client.ask, [delivery_id] * 16))

    told = Counter((reply.status_code, reply.text) for reply in replies)
    finished = (
        f'{{"id":"{delivery_id}","state":"Finished",'
        '"ext_response":{"status":"200 OK","body":"[]"}}'
    )
    gone = f"Can't find request with the id of {delivery_id}"
    assert told == {(200, finished): 1, (404, gone): 15}


def test_of_sixteen_who_wait_for_it_one_gets_the_result(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="patient")
    delivery_id = client.hand_over(destination.url("/slow"))
    running = Delivery.objects.filter(pk=delivery_id, job__state="inprogress")
    until(running.exists, within_s=10, what="it is being delivered")

    def wait(_: int) -> int:
        return client.ask(delivery_id, path="/lp/export?timeout=20").status_code

    with ThreadPoolExecutor(16) as aside:
        statuses = Counter(aside.map(wait, range(16)))

    assert statuses == {200: 1, 404: 15}


def test_who_hangs_up_while_it_waits_loses_nothing(
    service: Web, destination: Sources
) -> None:
    client = Databox(service, identifier="impatient")
    delivery_id = client.hand_over(destination.url("/slow"))
    with poll_and_read_nothing(service, client, delivery_id):
        sleep(0.3)

    answered(delivery_id)
    reply = client.ask(delivery_id, path="/lp/export")

    assert reply.json()["state"] == "Finished"


def test_data_arrives_whatever_is_in_it(service: Web, destination: Sources) -> None:
    client = Databox(service, identifier="odd")
    data = f'["\\u0000", "\\ud83d\\ude00 é", 1e400, {"9" * 5000}, {{"a": 1, "a": 2}}]'
    uri = destination.act("/kept", ok(b"\x00\xff"))
    body = {"id": "", "uri": uri, "data": data}

    reply = client.post("/export", body)
    answer = answered(reply.json()["id"])
    told = client.ask(str(answer.pk))

    sent = f'["\\u0000","😀 é",1e400,{"9" * 5000},{{"a":1,"a":2}}]'
    assert destination.seen["/kept"][0].body.decode() == sent
    assert told.status_code == 200
    assert told.json()["ext_response"]["status"] == "200 OK"


@pytest.mark.parametrize("uri", ["", "x", "http://", "http://[", "ftp://127.0.0.1/"])
def test_an_address_that_is_none_is_answered_and_never_our_fault(
    service: Web, uri: str
) -> None:
    client = Databox(service, identifier="lost")
    delivery_id = client.hand_over(uri)
    answered(delivery_id)

    told = client.ask(delivery_id).json()

    assert told["state"] == "Finished"
    assert told["ext_response"]["status"] in {"403 Forbidden", "502 Bad Gateway"}
