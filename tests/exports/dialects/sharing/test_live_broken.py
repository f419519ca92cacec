"""A connection breaks while results are on their way: not lost, nor told twice."""

import socket
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from exports.models import Share, ShareQuery
from tests.support.backends import why_not
from tests.support.databox import cramped
from tests.support.polling import until
from tests.support.sharing import Partner, a_share, some_events
from tests.support.web import Web

COUNT = 5_000

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("broken")
    with django_db_blocker.unblock(), cramped(request.param, folder) as running:
        yield running


def get_and_read_nothing(alice: Partner, path: str) -> socket.socket:
    """Ask over a connection that takes little in and is cut when it is closed."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    raw.connect(("127.0.0.1", alice.service.port))
    raw.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: token {alice.key}\r\n\r\n".encode()
    )
    return raw


@pytest.mark.parametrize("rest", ["", "?filter=no%20n%20%3D%20x"])
def test_results_that_broke_off_can_be_fetched_again(alice: Partner, rest: str) -> None:
    share = shared(alice, f"broken {rest}")
    where = alice.finished(alice.submit(share, rest))
    query = ShareQuery.objects.filter(pk=where.rpartition("/")[2])
    claimed = query.filter(claimed_at__isnull=False)

    with get_and_read_nothing(alice, where):
        until(claimed.exists, within_s=10, what="the results are on their way")
        while_it_is = alice.ask("GET", where)
    until(lambda: not claimed.exists(), within_s=10, what="they were given back")
    again = alice.ask("GET", where)
    after = alice.ask("GET", where)

    assert while_it_is.status_code == 410
    assert again.status_code == 200
    assert len(again.json()) == COUNT
    assert after.status_code == 410


def test_a_synchronous_client_that_hangs_up_is_given_nothing_again(
    alice: Partner,
) -> None:
    share = shared(alice, "hangs up")
    queries = ShareQuery.objects.filter(share=share)

    with get_and_read_nothing(alice, f"/shares/v2/{share.pk}"):
        claimed = queries.filter(claimed_at__isnull=False)
        until(claimed.exists, within_s=10, what="the results are on their way")
    until(lambda: not claimed.exists(), within_s=10, what="they were given back")

    assert queries.get().collected_at is None


def shared(alice: Partner, name: str) -> Share:
    share = a_share(name)
    reply = alice.append(share, some_events(COUNT, text="x" * 200))
    assert reply.status_code == 201, reply.text
    return share
