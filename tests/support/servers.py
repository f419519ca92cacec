"""A PostgreSQL and a Redis of a test's own, to be restarted and worse."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis

from tests.support.polling import until
from tests.support.web import free_port

# PostgreSQL refuses to be run by root.
USER = "nobody"
STARTS_WITHIN_S = 30.0
ENV = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


class Postgres:
    """A cluster in a folder of its own, without a password, on a port of its own.

    `prefix` are words that start it elsewhere, `listen` its addresses there: then this
    process reaches it by its socket in the folder.
    """

    def __init__(self, folder: Path, listen: str, prefix: list[str]) -> None:
        self.port = free_port()
        self.listen, self.prefix = listen, prefix
        self._folder, self._data = folder, folder / "data"
        self._run([], "initdb", "--auth=trust", "--username=postgres", "--no-sync")
        with (self._data / "pg_hba.conf").open("a") as hosts:
            hosts.write("host all all all trust\n")

    @property
    def url(self) -> str:
        host = quote(str(self._folder), safe="") if self.prefix else self.listen
        return f"postgres://postgres@{host}:{self.port}/postgres"

    def start(self) -> None:
        words = f"-p {self.port} -c listen_addresses={self.listen} -c fsync=off"
        words += f" -c unix_socket_directories={self._folder} -c max_connections=80"
        log = str(self._data / "log")
        options = ["--wait", "--log", log, "--options", words]
        self._run(self.prefix, "pg_ctl", "start", *options)

    def stop(self, how: str = "immediate") -> None:
        self._run([], "pg_ctl", "stop", "--mode", how, "--wait")

    def terminate_backends(self) -> int:
        """End every connection but this one; return how many there were."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchall()
        return len(rows)

    def _run(self, prefix: list[str], program: str, *words: str) -> None:
        found = shutil.which(program)
        assert found, program
        who = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        command = [*prefix, *who, found, *words, "--pgdata", str(self._data)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", env=ENV)


def why_no_cluster() -> str:
    return "" if shutil.which("initdb") else "there is no initdb here"


@contextmanager
def postgres(
    listen: str = "127.0.0.1", prefix: list[str] | None = None
) -> Iterator[Postgres]:
    # Where an unprivileged user may read, unlike pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
        cluster = Postgres(folder, listen, prefix or [])
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


class Redis:
    """A server that forgets everything when it ends."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", ""]
        command += ["--bind", "127.0.0.1", "--appendonly", "no", "--daemonize", "no"]
        self._popen = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd="/")
        until(self._answers, within_s=STARTS_WITHIN_S, what="Redis answers")

    def stop(self) -> None:
        if self._popen:
            self._popen.kill()
            self._popen.wait(10)

    def flush(self) -> None:
        with redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis.from_url(self.url, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def own_redis() -> Iterator[Redis]:
    server = Redis()
    server.start()
    try:
        yield server
    finally:
        server.stop()
