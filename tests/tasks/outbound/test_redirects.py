"""Redirects: followed by hand, vetted like the first address."""

import ssl

import pytest

from tasks.outbound import BadUrl, Blocked, Hop, OutboundError, parse_policy, stream
from tests.tasks.outbound.conftest import Names
from tests.tasks.outbound.servers import Connection, Request, Server, ok

CODES = [301, 302, 303, 307, 308]
# {p} is the canary's port; the policy opens the first server's port on loopback only.
FORBIDDEN = [
    "http://127.0.0.1:{p}/",
    "//127.0.0.1:{p}/",
    "http://localhost:{p}/",
    "http://loop.test:{p}/",
    "http://mixed.test/",
    "http://[::1]:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/",
    "http://2130706433:{p}/",
    "http://0x7f.1:{p}/",
    "http://user:pw@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}\\@example.com/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://[fd00:ec2::254]/",
    "http://93.184.216.34:22/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{p}/_",
    "ftp://127.0.0.1:{p}/",
    "http://127.0.0.1:\t{p}/",
    "http://:80/",
    "http://[",
]


def moved(code: int, location: str) -> bytes:
    return ok(b"", f"Location: {location}", status=f"{code} Moved")


def failure_of(
    method: str, url: str, server: Server, **changes: object
) -> OutboundError:
    with (
        pytest.raises(OutboundError) as caught,
        stream(method, url, policy=server.policy(**changes)),
    ):
        pytest.fail("the request was let through")
    return caught.value


@pytest.mark.parametrize("location", FORBIDDEN)
@pytest.mark.parametrize("code", CODES)
def test_no_redirect_leads_to_a_forbidden_place(
    code: int, location: str, server: Server, canary: Server, names: Names
) -> None:
    names.put("localhost", ["127.0.0.1"])
    names.put("loop.test", ["127.0.0.1"])
    names.put("mixed.test", ["93.184.216.34", "10.0.0.1"])
    server.says(moved(code, location.format(p=canary.port)))

    failure = failure_of("GET", f"{server.origin}/start", server)

    assert isinstance(failure, Blocked | BadUrl)
    assert server.hits == 1
    assert canary.hits == 0


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_redirect_is_followed_with_the_same_method(
    method: str, code: int, server: Server
) -> None:
    def answer(peer: Connection, request: Request) -> None:
        end = request.path == "/end?page=2"
        peer.send(ok(b"" if method == "HEAD" else b"there") if end else location)

    location = moved(code, "end?page=2#part")
    server.does(answer)

    with stream(
        method, f"{server.origin}/start?key=secret", policy=server.policy()
    ) as reply:
        body = reply.read(100)

    assert body == (b"" if method == "HEAD" else b"there")
    assert reply.url == f"{server.origin}/end?page=2"
    assert reply.hops == (Hop(f"{server.origin}/start", code),)
    assert [request.method for request in server.requests] == [method, method]


def test_a_location_with_spaces_and_accents_is_encoded(server: Server) -> None:
    def answer(peer: Connection, request: Request) -> None:
        start = request.path == "/"
        peer.send(
            b"HTTP/1.1 302 Found\r\nLocation: /a b/\xc3\xa9\r\n\r\n"
            if start
            else ok(b"there")
        )

    server.does(answer)

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert reply.url == f"{server.origin}/a%20b/%C3%A9"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_but_a_reading_request_is_sent_on(
    method: str, code: int, server: Server, canary: Server
) -> None:
    server.says(moved(code, canary.origin))

    with stream(method, server.origin, policy=server.policy(), body=b"signed") as reply:
        assert reply.status == code
        assert reply.headers["location"] == canary.origin

    assert server.hits == 1
    assert canary.hits == 0


def test_three_redirects_are_followed_and_a_fourth_is_not(server: Server) -> None:
    def answer(peer: Connection, request: Request) -> None:
        left = int(request.path[1:])
        peer.send(moved(302, f"/{left - 1}") if left else ok(b"there"))

    server.does(answer)

    with stream("GET", f"{server.origin}/3", policy=server.policy()) as reply:
        assert [hop.url[-2:] for hop in reply.hops] == ["/3", "/2", "/1"]

    assert failure_of("GET", f"{server.origin}/4", server).code == "redirects"
    assert server.hits == 4 + 4


def test_the_body_of_a_redirect_is_not_read(server: Server) -> None:
    def answer(peer: Connection, request: Request) -> None:
        if request.path == "/end":
            peer.send(ok(b"there"))
            return
        peer.send(b"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n")
        peer.drip(*[b"x" * 1000] * 100)

    server.does(answer)

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert reply.read(100) == b"there"


def test_a_redirect_without_a_location_is_the_callers(server: Server) -> None:
    server.says(ok(b"", status="302 Found"))

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert reply.status == 302


SECRETS = {
    "Authorization": "Bearer s3cret",
    "Cookie": "session=s3cret",
    "X-Api-Key": "s3cret",
    "Auth-Token": "s3cret",
    "Webhook-Signature": "s3cret",
    "X-Whatever-They-Call-It": "s3cret",
}


def test_secret_headers_stay_with_their_origin(server: Server, canary: Server) -> None:
    # Two ports are two origins; here the policy opens both.
    policy = parse_policy(
        allow_nets=f"127.0.0.0/8:{server.port},127.0.0.0/8:{canary.port}"
    )
    server.says(moved(307, f"{canary.origin}/elsewhere"))
    headers = SECRETS | {"Accept": "text/csv", "If-None-Match": '"1"'}

    with stream("GET", server.origin, policy=policy, headers=headers):
        pass

    assert server.requests[0].headers["authorization"] == "Bearer s3cret"
    assert "s3cret" not in str(canary.requests[0].headers)
    assert canary.requests[0].headers["accept"] == "text/csv"
    assert canary.requests[0].headers["if-none-match"] == '"1"'


def test_secret_headers_do_not_come_back_after_a_detour(
    server: Server, canary: Server
) -> None:
    policy = parse_policy(
        allow_nets=f"127.0.0.0/8:{server.port},127.0.0.0/8:{canary.port}"
    )
    server.does(
        lambda peer, request: peer.send(
            ok(b"there") if request.path == "/end" else moved(302, canary.origin)
        )
    )
    canary.says(moved(302, f"{server.origin}/end"))

    with stream("GET", server.origin, policy=policy, headers=SECRETS):
        pass

    assert "s3cret" not in str(server.requests[1].headers)


def test_secret_headers_are_kept_within_an_origin(server: Server) -> None:
    server.does(
        lambda peer, request: peer.send(
            ok(b"there") if request.path == "/end" else moved(302, "/end")
        )
    )

    with stream("GET", server.origin, policy=server.policy(), headers=SECRETS):
        pass

    assert server.requests[1].headers["x-api-key"] == "s3cret"


def test_a_redirect_from_https_to_http_is_refused(
    tls: tuple[ssl.SSLContext, str], canary: Server, names: Names
) -> None:
    names.put("secure.test", ["127.0.0.1"])
    context, ca_file = tls
    with Server(tls=context) as secure:
        secure.says(moved(302, canary.origin))
        failure = failure_of(
            "GET", f"https://secure.test:{secure.port}/", secure, ca_file=ca_file
        )

    assert failure.code == "downgrade"
    assert canary.hits == 0
