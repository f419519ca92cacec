"""Pages in Chromium, driven by Playwright: all that goes wrong is heard."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, Response, sync_playwright

from tests.support.chromium import PROGRAM

BROWSER = [
    pytest.mark.live,
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed"),
]
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-dev-shm-usage"),
]
BAD = {"serious", "critical"}


@dataclass
class Tab:
    """A tab at a service; `page` is Playwright's."""

    page: Page
    origin: str
    troubles: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.origin}{path}")
        self.page.wait_for_load_state("networkidle")

    def unfit(self) -> list[str]:
        """Name what axe-core finds that shuts people out."""
        heard = list(self.troubles)
        found = Axe().run(self.page).response["violations"]
        # To read a sheet that another imports, it writes one that the policy blocks.
        self.troubles = heard
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in found
            if one["impact"] in BAD
            for node in one["nodes"]
        ]

    @property
    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        wider = "document.documentElement.scrollWidth - document.documentElement"
        return int(self.page.evaluate(f"{wider}.clientWidth"))

    def listen(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._see)
        self.page.on("response", self._note)
        self.page.on("dialog", lambda one: self.troubles.append(one.message))

    def _hear(self, message: ConsoleMessage) -> None:
        # A refusal that the page tells in words is in the console all the same.
        if "the server responded with a status of 422" not in message.text:
            self.troubles.append(f"{message.type}: {message.text}")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def _note(self, response: Response) -> None:
        if response.status >= 400:
            self.refused.append(response.status)


@contextmanager
def tab_at(
    origin: str, *, width: int = 1280, height: int = 900, dark: bool = False
) -> Iterator[Tab]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        tab = Tab(context.new_page(), origin)
        tab.listen()
        try:
            yield tab
        finally:
            browser.close()
