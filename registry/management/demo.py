"""What the demo needs around the service: keys, a source of data, a client."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tasks import outbound

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
SAMPLE_PORT = 8765
HOST = "127.0.0.1"
READY_WITHIN_S = 60.0
POLICY = outbound.parse_policy(allow_nets="127.0.0.0/8", ports="any")


class DemoError(Exception):
    """The tour cannot go on; the message says why."""


def make_keys(folder: Path) -> tuple[Path, Path]:
    """Return the files of an RSA pair, private and public; make it if need be."""
    private, public = folder / "auth.pem", folder / "auth.pub"
    if not public.exists():
        folder.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        public.write_bytes(
            key.public_key().public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        )
    return private, public


def sign(private: Path, *, owner: str) -> str:
    claims = {
        "userid": owner,
        "permissions": {"max_dataset_num": 100},
        "service": "source",
    }
    return jwt.encode(claims, private.read_bytes(), algorithm="RS256")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        return


@contextmanager
def sample_server() -> Iterator[Any]:
    """Serve the shipped data set as another host would; yield its spec."""
    handler = partial(_Quiet, directory=str(SAMPLE))
    server = ThreadingHTTPServer((HOST, free_port(SAMPLE_PORT)), handler)
    spec = (SAMPLE / "spec.json").read_text(encoding="utf-8")
    spec = spec.replace(f"{HOST}:{SAMPLE_PORT}", f"{HOST}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield orjson.loads(spec)
    finally:
        server.shutdown()
        server.server_close()


def free_port(wanted: int) -> int:
    """Return `wanted`, or where that is taken any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No port is free.")


@contextmanager
def service(port: int, env: Mapping[str, str]) -> Iterator[str]:
    """Run `manage.py up`; yield its address once it is ready."""
    command = [sys.executable, sys.argv[0], "up", "--host", HOST, "--port", str(port)]
    # Its own session, so that Ctrl-C reaches us first and we end it in order.
    process = subprocess.Popen(  # noqa: S603 - our own words
        command, env={**os.environ, **env}, start_new_session=True
    )
    try:
        address = f"http://{HOST}:{port}"
        _wait_until_ready(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    until = monotonic() + READY_WITHIN_S
    while monotonic() < until:
        if process.poll() is not None:
            raise DemoError("The service did not start; see above.")
        try:
            call("GET", f"{address}/readyz")
        except (outbound.OutboundError, DemoError):
            sleep(0.1)
        else:
            return
    raise DemoError(f"The service was not ready within {READY_WITHIN_S:.0f} s.")


def call(
    method: str, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None
) -> Any:
    """Send JSON and return the JSON that comes back with status 200."""
    sent = {**(headers or {})}
    data = None
    if body is not None:
        data, sent["Content-Type"] = orjson.dumps(body), "application/json"
    with outbound.stream(method, url, policy=POLICY, headers=sent, body=data) as reply:
        text = reply.read(64 << 20)
        if reply.status != 200:
            raise DemoError(f"{url} answered {reply.status}: {text[:200]!r}")
        return orjson.loads(text)
