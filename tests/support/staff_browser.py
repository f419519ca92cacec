"""Chromium driven by Playwright: signed in, and strict about what a page may do.

While it is open this thread runs an event loop, so that rows are made before and
looked at after.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Route, sync_playwright

from tests.support.browser import ARGUMENTS, BAD
from tests.support.chromium import PROGRAM

# Nothing in the page itself may style or run anything, and nobody else is asked.
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WAITS_MS = 20_000


@dataclass
class Browser:
    page: Page
    address: str
    troubles: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def sign_in(self, name: str, password: str) -> None:
        self.open("/admin/login/?next=/admin/")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", password)
        self.page.click("[type=submit]")

    def grave_problems(self) -> list[str]:
        """Return what axe finds that keeps somebody from using this page."""
        found: list[Any] = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['html']}"
            for one in found
            if one["impact"] in BAD
            for node in one["nodes"]
        ]

    def _strictly(self, route: Route) -> None:
        self.asked.append(route.request.url)
        reply = route.fetch(max_redirects=0)
        headers = {**reply.headers, "content-security-policy": STRICT}
        route.fulfill(response=reply, headers=headers)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(message.text)


@contextmanager
def browser(address: str, **screen: Any) -> Iterator[Browser]:
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        page = chromium.new_context(**screen).new_page()
        page.set_default_timeout(WAITS_MS)
        opened = Browser(page, address)
        page.on("console", opened._hear)
        page.on("pageerror", lambda error: opened.troubles.append(str(error)))
        page.route("**/*", opened._strictly)
        try:
            yield opened
        finally:
            chromium.close()
