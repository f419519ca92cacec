"""One delivery: what is posted, and what its client is told of the answer."""

import socket

import pytest
from pytest_django import Settings

from tasks.engine import shift
from tasks.outbound.policy import parse_policy
from tasks.states import JobState
from tests.support.delivering import PATH, a_delivery, delivered, fresh, log_of, never
from tests.support.delivering import told as told_of
from tests.support.sources import Reply, Sources, gzipped
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)

KIB_64 = 64 << 10


def told(box: Sources, *replies: Reply) -> tuple[str, str]:
    return told_of(delivered(box, *replies))


def test_the_data_is_posted_as_it_is_and_the_answer_kept(sources: Sources) -> None:
    delivery = delivered(sources, ok(b"thanks"), data='{"a":[1,"\u00e9"]}')

    (request,) = sources.seen[PATH]
    assert (request.method, request.path) == ("POST", "/box")
    assert request.headers["content-type"] == "application/json"
    assert request.body == '{"a":[1,"é"]}'.encode()
    assert told_of(delivery) == ("200 OK", "thanks")
    assert delivery.answer_status == 200
    assert delivery.sending_at
    assert delivery.answered_at
    assert delivery.sending_at < delivery.answered_at
    assert delivery.job.state == JobState.SUCCEEDED
    assert delivery.job.percent == 100


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("201 Made", "201 Created"),
        ("299 Whatever", "299"),
        ("400 Bad", "400 Bad Request"),
        ("404 Nothing here", "404 Not Found"),
        ("418 Short and stout", "418 I'm a teapot"),
        ("429 Slow down", "429 Too Many Requests"),
        ("500 Oops", "500 Internal Server Error"),
        ("503 Later", "503 Service Unavailable"),
    ],
)
def test_any_status_is_an_answer_and_nothing_is_sent_again(
    sources: Sources, status: str, text: str
) -> None:
    delivery = delivered(sources, ok(b"said", "Retry-After: 1", status=status))

    assert told_of(delivery) == (text, "said")
    assert delivery.job.state == JobState.SUCCEEDED
    assert len(sources.seen[PATH]) == 1


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (301, "301 Moved Permanently"),
        (302, "302 Found"),
        (303, "303 See Other"),
        (307, "307 Temporary Redirect"),
        (308, "308 Resume Incomplete"),
    ],
)
def test_a_redirect_is_an_answer_and_is_not_followed(
    sources: Sources, code: int, text: str
) -> None:
    moved = ok(b"there", f"Location: {sources.url('/there')}", status=f"{code} Gone")

    assert told(sources, moved) == (text, "there")
    assert sources.seen["/there"] == []


def test_an_answer_without_a_body_is_empty(sources: Sources) -> None:
    nothing = b"HTTP/1.1 204 No Content\r\n\r\n"

    assert told(sources, nothing) == ("204 No Content", "")


def test_a_packed_answer_is_unpacked(sources: Sources) -> None:
    packed = ok(gzipped(b"thanks"), "Content-Encoding: gzip")

    assert told(sources, packed) == ("200 OK", "thanks")


def test_of_a_binary_answer_is_kept_what_is_text(sources: Sources) -> None:
    assert told(sources, ok(b"a\x00b\xffc\xc3\xa9")) == (
        "200 OK",
        "a\ufffdb\ufffdc\xe9",
    )


def test_an_answer_of_the_full_size_is_kept_whole(sources: Sources) -> None:
    delivery = delivered(sources, ok(b"x" * KIB_64))

    assert delivery.answer_body == "x" * KIB_64
    assert log_of(delivery) == []


def test_of_a_larger_answer_the_first_64_kib_are_kept(sources: Sources) -> None:
    # An odd first byte, so that the cut goes through a character.
    delivery = delivered(sources, ok(b"x" + "é".encode() * KIB_64))

    assert delivery.answer_text == "200 OK"
    assert delivery.answer_body == "x" + "é" * (KIB_64 // 2 - 1)
    assert log_of(delivery) == ["of the answer, 65536 bytes were kept"]


def test_an_endless_answer_is_left_after_64_kib(sources: Sources) -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    delivery = delivered(
        sources, lambda peer, _: peer.send(head, *([b"x" * 4096] * 10_000))
    )

    assert delivery.answer_body == "x" * KIB_64


def test_an_answer_that_breaks_off_keeps_its_status(sources: Sources) -> None:
    delivery = delivered(sources, ok(b"half", length=100))

    assert told_of(delivery) == ("200 OK", "half")
    (remark,) = log_of(delivery)
    url = sources.url(PATH)
    assert (
        remark == f"of the answer, 4 bytes were kept: {url} broke off before the end."
    )


def test_a_destination_that_hangs_is_a_gateway_timeout(
    sources: Sources, settings: Settings
) -> None:
    settings.DELIVERY_TIMEOUT = 0.3

    delivery = delivered(sources, never)

    assert told_of(delivery) == (
        "504 Gateway Timeout",
        f"{sources.url(PATH)} took longer than allowed.",
    )
    assert delivery.answer_status is None
    assert delivery.job.state == JobState.FAILED
    assert delivery.job.error_code in {"total_timeout", "read_timeout"}
    assert len(sources.seen[PATH]) == 1


def test_a_destination_may_think_for_longer_than_fetching_allows(
    sources: Sources, settings: Settings
) -> None:
    settings.DELIVERY_TIMEOUT = 20

    delivery = delivered(sources, lambda peer, _: peer.drip(b"", ok(b"x"), every_s=2.5))

    assert told_of(delivery) == ("200 OK", "x")


def test_a_destination_nobody_listens_at_is_a_bad_gateway() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    delivery = a_delivery(f"http://127.0.0.1:{port}/box?key=secret")

    shift.answer()

    url = f"http://127.0.0.1:{port}/box"
    assert told_of(fresh(delivery)) == (
        "502 Bad Gateway",
        f"{url} could not be connected to.",
    )
    assert fresh(delivery).job.error_code == "connect"


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 2x0 OK\r\n\r\n", b"hello\r\n\r\n"])
def test_what_is_no_answer_is_a_bad_gateway(sources: Sources, reply: bytes) -> None:
    delivery = delivered(sources, reply)

    assert delivery.answer_text == "502 Bad Gateway"
    assert delivery.answer_body.startswith(sources.url(PATH))
    assert delivery.job.state == JobState.FAILED
    assert len(sources.seen[PATH]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/box",
        "http://user:s3cret@127.0.0.1/box",
        "box",
        "",
        "http://[::1/",
        "http://\U0001f600/",
        "http://127.0.0.1/a\0b",
    ],
)
def test_an_address_that_cannot_be_is_a_bad_gateway(url: str) -> None:
    delivery = a_delivery(url)

    shift.answer()

    assert fresh(delivery).answer_text == "502 Bad Gateway"
    assert "s3cret" not in fresh(delivery).answer_body
    assert fresh(delivery).job.error_code == "bad_url"


def test_a_blocked_destination_is_forbidden(
    sources: Sources, settings: Settings
) -> None:
    settings.OUTBOUND = parse_policy()
    url = sources.url(PATH)

    delivery = delivered(sources)

    assert told_of(delivery) == (
        "403 Forbidden",
        f"{url} is on a port that is not allowed.",
    )
    assert sources.hits == 0


def test_what_is_told_of_a_failure_has_no_query_string(
    sources: Sources, settings: Settings
) -> None:
    settings.OUTBOUND = parse_policy()
    sources.act(PATH, ok())
    delivery = a_delivery(f"{sources.url(PATH)}?key=secret")

    shift.answer()

    seen = fresh(delivery)
    everything = f"{told_of(seen)} {seen.job.error} {log_of(seen)} {seen.job.params}"
    assert "secret" not in everything
