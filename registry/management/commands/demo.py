"""A tour: the whole service on this machine, and real data through it."""

import os
import secrets
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NoReturn

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.management import demo
from registry.management.progress import Line, Progress
from tasks.outbound import OutboundError

ENDED = {"SUCCEEDED", "FAILED"}
DONE_WITHIN_S = 600.0


class Command(BaseCommand):
    help = "Run the service with its shipped data set, and show what it makes of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="End after the tour.")
        parser.add_argument("--spec", type=Path, help="Take this spec instead.")
        parser.add_argument("--port", type=int, default=8000)

    def handle(
        self, *, once: bool, spec: Path | None, port: int, **options: Any
    ) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            self._tour(once=once, spec=spec, port=port)
        except (demo.DemoError, OutboundError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _tour(self, *, once: bool, spec: Path | None, port: int) -> None:
        folder = settings.VAR_DIR / "demo"
        private, public = demo.make_keys(folder)
        env = {
            "DEBUG": "on",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            "VAR_DIR": str(folder),
            "AUTH_PRIVATE_KEY": str(private),
            "AUTH_PUBLIC_KEY": str(public),
        }
        with ExitStack() as running:
            sample = demo.sample_server()
            contents = _read(spec) if spec else running.enter_context(sample)
            self._say("Starting web and workers on SQLite ...")
            address = running.enter_context(demo.service(demo.free_port(port), env))
            password = _admin(folder, env)
            owner = _owner(contents)
            token = demo.sign(private, owner=owner)
            flow = self._submit(address, contents, token)
            info = self._watch(address, flow)
            self._show(address, flow, info, password)
            if info["state"] != "SUCCEEDED":
                raise demo.DemoError(f"{flow} failed, see its error_log above.")
            if not once:
                self._say("\nServing until Ctrl-C.")
                while True:
                    sleep(1)

    def _submit(self, address: str, contents: Any, token: str) -> str:
        self._say(f"POST {address}/source/upload  (with a token of its owner)")
        reply = demo.call(
            "POST",
            f"{address}/source/upload",
            body=contents,
            headers={"Auth-Token": token},
        )
        if not reply["success"]:
            raise demo.DemoError("\n".join(reply["errors"]))
        self._say(f"{orjson.dumps(reply).decode()}\n")
        return str(reply["flow_id"])

    def _watch(self, address: str, flow: str) -> dict[str, Any]:
        progress = Progress(sys.stdout)
        until = monotonic() + DONE_WITHIN_S
        while monotonic() < until:
            info: dict[str, Any] = demo.call("GET", f"{address}/source/{flow}")
            progress.show(
                Line(id=id_, title=one["title"], state=one["status"])
                for id_, one in info["pipelines"].items()
            )
            if info["state"] in ENDED:
                return info
            sleep(0.1)
        raise demo.DemoError(f"{flow} did not end within {DONE_WITHIN_S:.0f} s.")

    def _show(
        self, address: str, flow: str, info: dict[str, Any], password: str
    ) -> None:
        shown = {key: value for key, value in info.items() if key != "spec_contents"}
        text = orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()
        self._say(f"\nGET {address}/source/{flow}  (without its spec)\n{text}\n")
        if info["state"] == "SUCCEEDED":
            self._list_files(f"{address}/datasets/{flow}")
        places = {
            f"/datasets/{flow}": "the data set, for people",
            f"/source/{flow}": "the same for programs",
            "/export/new": "export any table from the web",
            "/docs": "every API described, to be tried",
            "/admin/": f"what is going on (user admin, password {password})",
            "/metrics": "for Prometheus",
        }
        width = max(map(len, places)) + len(address) + 2
        lines = (f"  {address + at:<{width}}{what}" for at, what in places.items())
        self._say("\nLook at\n" + "\n".join(lines))

    def _list_files(self, root: str) -> None:
        package = demo.call("GET", f"{root}/datapackage.json")
        self._say(f"Files, below {root}/")
        for one in package["resources"]:
            digest = one["hash"].removeprefix("sha256:")
            self._say(f"  {one['bytes']:>10,}  {digest}  {one['path']}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise demo.DemoError(f"{path}: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise demo.DemoError(f"{path} is not JSON: {error}") from None


def _owner(contents: Any) -> str:
    meta = contents.get("meta") if isinstance(contents, dict) else None
    return str(meta.get("ownerid") or "demo") if isinstance(meta, dict) else "demo"


def _admin(folder: Path, env: dict[str, str]) -> str:
    """Return the password of the demo's administrator, made on the first tour."""
    kept = folder / "admin_password"
    if not kept.exists():
        password = secrets.token_urlsafe(12)
        names = ("--username", "admin", "--email", "admin@localhost")
        subprocess.run(  # noqa: S603 - our own words
            [sys.executable, sys.argv[0], "createsuperuser", "--noinput", *names],
            env={**os.environ, **env, "DJANGO_SUPERUSER_PASSWORD": password},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        kept.touch(mode=0o600)
        kept.write_text(password, encoding="ascii")
    return kept.read_text(encoding="ascii")


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
