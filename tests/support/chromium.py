"""A page in headless Chromium, as a person or an attacker's victim would open it."""

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
STARTS_S = 30.0
QUIET_S = 0.5

Message = dict[str, Any]


@dataclass
class Page:
    """A tab; it hears all that goes wrong and all that is asked for."""

    socket: ClientConnection
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _loads: int = 0

    def open(self, url: str) -> None:
        """Load a page, and wait until nothing more is asked for."""
        before = self._loads
        self.ask("Page.navigate", url=url)
        end = time.monotonic() + STARTS_S
        while self._loads == before:
            assert time.monotonic() < end, f"{url} does not load"
            self._hear(0.1)
        self.settle()

    def settle(self) -> None:
        while self._hear(QUIET_S):
            pass

    def value(self, script: str) -> Any:
        """Evaluate an expression in the page; promises are awaited."""
        answer = self.ask(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screen(self, width: int, height: int, *, dark: bool = False) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = "dark" if dark else "light"
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", features=[feature])

    def screenshot(self, target: Path) -> None:
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=False)
        target.write_bytes(base64.b64decode(shot["data"]))

    def ask(self, method: str, **params: Any) -> Message:
        number = next(self._numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv(timeout=STARTS_S))
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return cast("Message", message["result"])
            self._note(message)

    def _hear(self, seconds: float) -> bool:
        try:
            message = json.loads(self.socket.recv(timeout=seconds))
        except TimeoutError:
            return False
        self._note(message)
        return True

    def _note(self, message: Message) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loads += 1
            case "Page.javascriptDialogOpening":
                self.dialogs.append(params["message"])
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.loadingFailed":
                self.troubles.append(f"failed: {params}")
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.troubles.append(f"console: {params}")
            case "Log.entryAdded":
                self.troubles.append(f"log: {params['entry']}")


@contextmanager
def open_page(folder: Path) -> Iterator[Page]:
    """Start a browser whose profile is in the folder; it ends with the context."""
    assert PROGRAM
    arguments = [
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update"),
        *("--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio"),
        *("--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"),
    ]
    with subprocess.Popen(
        [PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            with connect(_address(folder), max_size=None, proxy=None) as browser:
                yield _tab(browser)
        finally:
            process.terminate()


def _address(folder: Path) -> str:
    """Read where the browser listens, which it writes when it does."""
    end = time.monotonic() + STARTS_S
    told = folder / "DevToolsActivePort"
    while not (told.exists() and len(told.read_text().split()) == 2):
        assert time.monotonic() < end, "Chromium does not start"
        time.sleep(0.05)
    port, path = told.read_text().split()
    return f"ws://127.0.0.1:{port}{path}"


class _Session:
    """A socket to the browser, as one to a single tab."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket = socket
        self._session = session

    def send(self, text: str) -> None:
        self._socket.send(json.dumps({**json.loads(text), "sessionId": self._session}))

    def recv(self, timeout: float) -> str | bytes:
        return self._socket.recv(timeout=timeout)


def _tab(browser: ClientConnection) -> Page:
    whole = Page(browser)
    target = whole.ask("Target.createTarget", url="about:blank")
    session = whole.ask("Target.attachToTarget", **target, flatten=True)
    page = Page(cast("ClientConnection", _Session(browser, session["sessionId"])))
    for domain in ("Page", "Network", "Runtime", "Log"):
        page.ask(f"{domain}.enable")
    return page
