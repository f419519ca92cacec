"""WS /ws/export of a live service, as a client of its own sees it."""

import json
import socket as sockets

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from exports import capabilities
from exports.models import MacaroonIdentifier
from tests.support.databox import (
    HANDSHAKE,
    NOBODYS,
    Databox,
    a_socket,
    answered,
    echoes,
    send,
    token,
    wanted,
)
from tests.support.sources import Sources
from tests.support.waiting import refusal
from tests.support.web import Web

pytestmark = pytest.mark.live


def frame(client: ClientConnection) -> str:
    text = client.recv(timeout=10)
    assert isinstance(text, str)
    return text


def test_each_state_of_a_new_request_is_pushed_in_a_frame(
    service: Web, destination: Sources
) -> None:
    with a_socket(service) as client:
        send(client, destination.url("/echo"), {"a": 1})
        told = [frame(client) for _ in range(3)]
        delivery_id = json.loads(told[0])["id"]
        send(client, "", [], delivery_id)
        after = frame(client)

    begin = f'{{"id":"{delivery_id}","state":'
    assert told == [
        f'{begin}"Pending","ext_response":{{}}}}',
        f'{begin}"Processing","ext_response":{{}}}}',
        (
            f'{begin}"Finished","ext_response":'
            '{"status":"200 OK","body":"{\\"a\\":1}"}}'
        ),
    ]
    assert after == f"not recognized id: {delivery_id}"


def test_a_frame_that_is_no_request_is_answered_with_what_is_wrong(
    service: Web,
) -> None:
    with a_socket(service) as client:
        answers = []
        for text in ("{", "[]", '{"id": ""}', json.dumps(wanted("x", [], "17"))):
            client.send(text)
            answers.append(frame(client))
        client.send(b"\xff")
        answers.append(frame(client))
        send(client, "", [], NOBODYS)
        answers.append(frame(client))

    assert answers == [
        "line 1, character 2:\nExpecting property name enclosed in double quotes",
        "line 1, character 1:\nFound lexeme `As, but lexeme `Os was expected",
        "missing value for request.uri",
        "invalid id: 17",
        "line 1, character 1:\nnot UTF-8: invalid start byte",
        f"not recognized id: {NOBODYS}",
    ]


def test_a_known_id_is_answered_with_its_state(
    service: Web, destination: Sources
) -> None:
    poller = Databox(service, identifier="known")
    delivery_id = poller.hand_over(destination.url("/echo"))
    answered(delivery_id)
    destination.act("/asleep", echoes(after_s=2.0))

    with a_socket(service, identifier="known") as client:
        send(client, "", [], delivery_id)
        first = json.loads(frame(client))
        slow = poller.hand_over(destination.url("/asleep"))
        waits = poller.hand_over(destination.url("/echo"))
        send(client, "", [], waits)
        second = json.loads(frame(client))
        send(client, "", [], slow)
        third = json.loads(frame(client))
    with a_socket(service, identifier="another") as client:
        send(client, "", [], waits)
        anothers = frame(client)

    assert (first["id"], first["state"]) == (delivery_id, "Finished")
    assert first["ext_response"] == {"status": "200 OK", "body": "[]"}
    assert second == {"id": waits, "state": "Pending", "ext_response": {}}
    assert (third["id"], third["ext_response"]) == (slow, {})
    assert anothers == f"not recognized id: {waits}"
    assert poller.ask(delivery_id).status_code == 404


def test_several_requests_are_under_way_on_one_socket_in_their_order(
    service: Web, destination: Sources
) -> None:
    with a_socket(service, identifier="several") as client:
        send(client, destination.url("/slow"), ["first"])
        for number in range(5):
            send(client, destination.url("/echo"), [number])
        told = [json.loads(frame(client)) for _ in range(18)]

    states: dict[str, list[str]] = {}
    for one in told:
        states.setdefault(one["id"], []).append(one["state"])
    assert list(states.values()) == [["Pending", "Processing", "Finished"]] * 6
    finished = [one["ext_response"]["body"] for one in told if one["ext_response"]]
    assert finished == ['["first"]', "[0]", "[1]", "[2]", "[3]", "[4]"]


def test_the_destination_is_judged_in_each_frame(
    service: Web, destination: Sources
) -> None:
    key = token("/ws/export", destination=destination.url("/echo"))
    with a_socket(service, key=key) as client:
        send(client, destination.url("/slow"))
        elsewhere = frame(client)
        client.send("{")
        nowhere = frame(client)
        send(client, destination.url("/echo"))
        allowed = json.loads(frame(client))

    assert (elsewhere, nowhere) == ("Invalid API key/token",) * 2
    assert allowed["state"] == "Pending"


def test_whoever_is_revoked_is_refused_though_the_socket_is_open(
    service: Web, destination: Sources
) -> None:
    with a_socket(service, identifier="revoked") as client:
        client.send("{}")
        before = frame(client)
        capabilities.revoke(MacaroonIdentifier.objects.named("revoked"))
        client.send("{}")
        after = frame(client)

    assert (before, after) == ("missing value for request.id", "Invalid API key/token")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": "nonsense"},
        {"X-Api-Key": token("/export")},
        {"X-Api-Key": token("/ws/export", secret="guessed")},
    ],
    ids=["no token", "no macaroon", "another path", "forged"],
)
def test_a_handshake_without_a_good_token_is_refused(
    service: Web, headers: dict[str, str]
) -> None:
    reply = refusal(service, "/ws/export", additional_headers=headers)

    assert (reply.status_code, reply.body) == (401, b"Missing/Invalide API key/token")


def test_another_path_is_an_empty_404(service: Web) -> None:
    key = {"X-Api-Key": token("/ws/export")}

    reply = refusal(service, "/ws/exports", additional_headers=key)

    assert (reply.status_code, reply.body) == (404, b"")


def test_what_was_not_told_as_the_socket_closed_can_be_polled_for(
    service: Web, destination: Sources
) -> None:
    poller = Databox(service, identifier="leaves")
    with a_socket(service, identifier="leaves") as client:
        send(client, destination.url("/slow"), [7])
        delivery_id = json.loads(frame(client))["id"]

    answered(delivery_id)
    reply = poller.ask(delivery_id)

    assert reply.json()["ext_response"] == {"status": "200 OK", "body": "[7]"}


def test_a_result_that_a_poll_took_is_not_told_again(
    service: Web, destination: Sources
) -> None:
    poller = Databox(service, identifier="both")
    with a_socket(service, identifier="both") as client:
        send(client, destination.url("/echo"))
        delivery_id = json.loads(frame(client))["id"]
        polls = poller.ask(delivery_id, path="/lp/export?timeout=20")
        while polls.status_code == 200 and not polls.json()["ext_response"]:
            polls = poller.ask(delivery_id, path="/lp/export?timeout=20")
        frame(client)
        last = frame(client)

    told = [polls.status_code == 200, last != f"not recognized id: {delivery_id}"]
    assert sorted(told) == [False, True]


def test_a_close_is_answered_with_the_same_code(service: Web) -> None:
    assert closed_with(service, b"\x88\x82\0\0\0\0\x0f\xa1") == b"\x88\x02\x0f\xa1"


def test_a_close_without_a_code_is_answered_with_1000(service: Web) -> None:
    assert closed_with(service, b"\x88\x80\0\0\0\0") == b"\x88\x02\x03\xe8"


def test_a_ping_is_answered_with_a_pong(service: Web) -> None:
    with a_socket(service) as client:
        assert client.ping().wait(5)


def test_a_frame_that_is_too_large_closes_1009(service: Web) -> None:
    with a_socket(service) as client:
        client.send("x" * ((1 << 20) + 1))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5)

    assert client.close_code == 1009


def closed_with(service: Web, close: bytes) -> bytes:
    """Send a Close frame as it is; return the one that comes back."""
    with sockets.create_connection(("127.0.0.1", service.port)) as raw:
        raw.sendall(HANDSHAKE.format(key=token("/ws/export")).encode())
        stream = raw.makefile("rb")
        while stream.readline() != b"\r\n":
            continue
        raw.sendall(close)
        return stream.read()
