"""What must not leak: into messages, into logs, from the environment."""

import logging
import pickle
import ssl
from pathlib import Path

import pytest

from tasks.outbound import BadStatus, OutboundError, TimedOut, Unreachable, stream
from tests.tasks.outbound.conftest import Names
from tests.tasks.outbound.servers import Server, ok

URL = "/path?token=s3cret#s3cret"
HEADERS = {"Authorization": "Bearer s3cret"}


def fetch(url: str, server: Server, **changes: object) -> None:
    with stream("GET", url, policy=server.policy(**changes), headers=HEADERS) as reply:
        reply.raise_for_status()
        reply.read(100)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage s3cret",
        b"HTTP/1.1 200 s3cret\r\nno colon s3cret\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\ns3cret",
        ok(b"s3cret", length=7),
        ok(b"s3cret", "Content-Encoding: gzip"),
        ok(b"s3cret", "Content-Encoding: br"),
        ok(b"s3cret", status="404 s3cret"),
        ok(b"", "Location: ftp://s3cret@host/?s3cret", status="302 Found"),
        ok(b"", "Location: http://s3cret@host\\/?s3cret", status="302 Found"),
        ok(b"", "Location: ?s3cret", status="302 Found"),
    ],
)
def test_neither_an_error_nor_a_log_quotes_a_secret(
    answer: bytes, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.says(answer)

    told = "".join(_chain(failure_of(f"{server.origin}{URL}", server)))

    assert "s3cret" not in told
    assert "s3cret" not in caplog.text


def failure_of(url: str, server: Server) -> OutboundError | None:
    try:
        fetch(url, server)
    except OutboundError as error:
        return error
    return None


def _chain(error: BaseException | None) -> list[str]:
    if error is None:
        return []
    return [str(error), *_chain(error.__cause__), *_chain(error.__context__)]


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret@example.org/",
        "http://user:s3cret@example.org\\/",
        "http:user:s3cret@example.org/?s3cret",
        "http://exa mple.org/?s3cret",
        "ftp://example.org/#s3cret",
        "http://10.0.0.1/?s3cret",
        "http://nowhere.test/?s3cret#s3cret",
    ],
)
def test_a_refused_address_is_quoted_without_its_secrets(
    url: str, server: Server
) -> None:
    with pytest.raises(OutboundError) as caught:
        fetch(url, server)

    assert "s3cret" not in str(caught.value)


def test_proxies_and_passwords_of_the_environment_are_ignored(
    server: Server,
    canary: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, canary.origin)

    with stream("GET", server.origin, policy=server.policy()):
        pass

    assert "authorization" not in server.requests[0].headers
    assert canary.hits == 0


@pytest.mark.parametrize("cookie", ["a=b; Path=/", "a=b; Max-Age"])
def test_cookies_are_neither_kept_nor_read(cookie: str, server: Server) -> None:
    server.says(ok(b"", f"Set-Cookie: {cookie}"))

    for _ in range(2):
        with stream("GET", server.origin, policy=server.policy()):
            pass

    assert "cookie" not in server.requests[1].headers


def test_errors_survive_a_trip_between_processes() -> None:
    timed_out = TimedOut("Too late.", code="read_timeout", retry_after_s=2.0)
    bad_status = BadStatus("No.", status=503, excerpt="down", temporary=True)

    for error in (timed_out, bad_status):
        copy = pickle.loads(pickle.dumps(error))
        assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_tls_is_verified_against_the_name_in_the_url(
    tls: tuple[ssl.SSLContext, str], names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, ca_file = tls
    asked: list[str] = []
    monkeypatch.setattr(
        context, "sni_callback", lambda _sock, name, _context: asked.append(name)
    )
    names.put("secure.test", ["127.0.0.1"])
    with Server(tls=context) as secure:
        fetch(f"https://secure.test:{secure.port}{URL}", secure, ca_file=ca_file)

    assert secure.requests[0].headers["host"] == f"secure.test:{secure.port}"
    assert asked == ["secure.test"]


@pytest.mark.parametrize(
    ("host", "trusted"),
    [("secure.test", False), ("other.test", True), ("127.0.0.1", True)],
    ids=["unknown authority", "other name", "address"],
)
def test_a_certificate_that_does_not_fit_is_refused_before_the_request(
    host: str, trusted: bool, tls: tuple[ssl.SSLContext, str], names: Names
) -> None:
    context, ca_file = tls
    names.put("secure.test", ["127.0.0.1"])
    names.put("other.test", ["127.0.0.1"])
    with Server(tls=context) as secure, pytest.raises(Unreachable) as caught:
        fetch(
            f"https://{host}:{secure.port}{URL}",
            secure,
            ca_file=ca_file if trusted else None,
        )

    assert (caught.value.code, caught.value.temporary) == ("certificate", False)
    assert secure.requests == []
    assert "s3cret" not in str(_chain(caught.value))


def test_a_server_that_does_not_speak_tls_may_be_down_for_now(server: Server) -> None:
    with pytest.raises(OutboundError) as caught:
        fetch(f"https://127.0.0.1:{server.port}/", server)

    assert caught.value.temporary
