"""Each page of docs/ does what it says: its `sh` blocks are run, in order."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.browser import tab_at
from tests.support.chromium import PROGRAM
from tests.support.databox import token
from tests.support.polling import until
from tests.support.sharing import a_share
from tests.support.specstore import spec_of, table, token_of
from tests.support.whole import Whole, whole_service
from tests.tasks.outbound.servers import ok

DOCS = Path(__file__).resolve().parents[2] / "docs"
# A block that is run, and what it then says, if the page tells: … stands for anything.
RUN = re.compile(
    r"^```sh\n(.*?)^```\n(?:\n```(?:text|json)\n(.*?)^```)?", re.MULTILINE | re.DOTALL
)
PAGES = sorted(path.stem for path in DOCS.glob("*.md") if RUN.search(path.read_text()))
END = "--- end of a block ---"
OIL = "date,price\n2026-11-20,61.5\n2026-11-21,62.25\n"
LATER = "date,price\n2026-11-20,61.5\n2026-11-21,62.5\n2026-11-22,63.0\n"

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("docs")
    with django_db_blocker.unblock(), whole_service(folder) as running:
        running.issuer.put("/oil.csv", OIL.encode(), "Content-Type: text/csv")
        running.issuer.put("/in", b"taken")
        running.issuer.act("/prices.csv", ok(OIL.encode()), ok(LATER.encode()))
        yield running


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(service: Whole, page: str, tmp_path: Path) -> None:
    prepare(service, page)
    blocks = RUN.findall((DOCS / f"{page}.md").read_text())

    told = run([block for block, _ in blocks], service, tmp_path)

    for (block, wanted), said in zip(blocks, told, strict=True):
        pattern = ".*".join(map(re.escape, wanted.rstrip("\n").split("…")))
        if wanted:
            assert re.fullmatch(pattern, said.rstrip("\n"), re.DOTALL), (block, said)


def test_the_pages_that_have_something_to_run_are_run() -> None:
    assert {"specstore", "history", "exports", "deliveries", "tasks", "jobs"} <= set(
        PAGES
    )


def run(blocks: list[str], service: Whole, folder: Path) -> list[str]:
    """Run the blocks of a page in one shell; return what each of them says."""
    script = f"\necho '{END}'\n".join(
        ['curl() { command curl -sS --fail-with-body "$@"; }', *blocks]
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **variables(service)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.split(f"{END}\n")[1:]


def variables(service: Whole) -> dict[str, str]:
    return {
        "ENTREPOT": service.web.address,
        "FILES": service.issuer.origin,
        "KEY": service.key,
        "SHARE": str(a_share(f"docs-{uuid4().hex}").pk),
        "TOKEN": token_of("me"),
        "MACAROON": token("/export", identifier="me"),
        "BEARER": service.issuer.token(),
    }


def prepare(service: Whole, page: str) -> None:
    """Have what a page begins with."""
    if page == "history":
        for number in (1, 2):
            upload(service, "prices", number)
    if page == "jobs":
        make_an_export(service)


def upload(service: Whole, dataset: str, number: int) -> None:
    url = service.issuer.url("/prices.csv")
    prices = table("oil", url, "date:date", "price:number")
    prices["schema"]["primaryKey"] = "date"
    spec = spec_of(prices, owner="you", dataset=dataset)
    headers = {"Auth-Token": token_of("you")}
    made = service.ask("POST", "/source/upload", json=spec, headers=headers)
    assert made.json()["flow_id"] == f"you/{dataset}/{number}", made.text
    path = f"/source/you/{dataset}/{number}"
    until(
        lambda: service.ask("GET", path).json()["state"] == "SUCCEEDED",
        within_s=40,
        what=f"{path} is made",
    )


def make_an_export(service: Whole) -> None:
    wanted = {"file_type": "csv", "source_url": service.issuer.url("/oil.csv")}
    for path, body in (("inputs", {"name": "a"}), ("configure", wanted), ("start", {})):
        done = service.ask(
            "POST", f"/api/export/{path}", json=body, headers=service.by_key
        )
        assert done.ok, done.text
    path = f"/api/export/status/{done.json()['task_id']}"

    def is_completed() -> bool:
        told = service.ask("GET", path, headers=service.by_key).json()
        return bool(told["status"] == "completed")

    until(is_completed, within_s=40, what="the export is made")


@pytest.mark.parametrize("path", ["/docs", *(f"/docs/{name}" for name in PAGES)])
def test_a_page_is_served_and_nothing_in_it_is_inline(
    service: Whole, path: str
) -> None:
    reply = service.ask("GET", path)

    assert reply.status_code == 200
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]* src=)| style=| on\w+=", reply.text)
    for link in re.findall(r'(?:href|src)="(/[^"#]*)"', reply.text):
        assert link == "/" or service.ask("GET", link).status_code == 200, link


def test_a_page_that_is_not_there_is_404(service: Whole) -> None:
    for path in ("/docs/nothing", "/docs/..%2FREADME", "/docs/"):
        assert service.ask("GET", path).status_code == 404


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_shows_each_operation_and_asks_nobody_else(
    service: Whole, dark: bool
) -> None:
    with tab_at(service.web.address, dark=dark) as tab:
        tab.open("/docs")
        tab.page.wait_for_selector(".opblock")
        assert tab.unfit() == []
        shown = tab.page.locator(".opblock").count()
        pale = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.page.locator(".opblock-summary-control").first.click()
        tab.page.wait_for_selector(".opblock-body")

    document = service.ask("GET", "/openapi.json").json()
    wanted = [len(set(one) - {"parameters"}) for one in document["paths"].values()]
    assert shown == sum(wanted)
    assert (pale == "rgb(17, 23, 24)") is dark
    assert tab.elsewhere == []
    assert tab.troubles == []


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
def test_the_pages_shut_nobody_out_and_fit_a_phone(service: Whole) -> None:
    with tab_at(service.web.address, width=390, height=844) as tab:
        for name in PAGES:
            tab.open(f"/docs/{name}")

            assert tab.unfit() == [], name
            assert tab.overflow == 0, name
