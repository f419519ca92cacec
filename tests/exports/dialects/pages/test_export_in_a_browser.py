"""The export page in Chromium, from an address to a workbook that opens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.support.browser import BROWSER, Tab, tab_at
from tests.support.sources import Sources
from tests.support.web import Web, up

pytestmark = BROWSER

CSV = "name,year,n\n" + "".join(f"p{n},{2000 + n % 3},{n}\n" for n in range(300))


@pytest.fixture(scope="module")
def source() -> Iterator[Sources]:
    with Sources() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with up(tmp_path_factory.mktemp("export"), DEBUG="on") as running:
        yield running


@pytest.fixture
def tab(service: Web) -> Iterator[Tab]:
    with tab_at(service.address) as opened:
        opened.open("/export/new")
        yield opened
        assert opened.troubles == []
        assert opened.elsewhere == []


def names(page: Page) -> list[str]:
    found: list[str] = page.locator("#columns .was").evaluate_all(
        "all => all.map(one => one.title)"
    )
    return found


def heads(page: Page) -> list[str]:
    found = page.locator("#result thead th")
    return [text.split("\n")[0].split()[0] for text in found.all_inner_texts()]


def looked_at(page: Page, url: str) -> None:
    page.fill("#source_url", url)
    page.click("#look")
    page.wait_for_selector("#columns li")


def test_a_table_becomes_a_workbook_as_it_was_shaped(
    tab: Tab, source: Sources, tmp_path: Path
) -> None:
    page = tab.page
    looked_at(page, source.put("/people.csv", CSV.encode()))
    assert names(page) == ["name", "year", "n"]

    page.drag_and_drop("[aria-label='Move n']", "[aria-label='Move name']")
    assert names(page) == ["n", "name", "year"]
    page.fill("[aria-label='New name of n']", "Count")
    page.select_option("[aria-label='Type of n']", "integer")
    page.uncheck("[aria-label='Take year']")
    page.fill("#filter", "year = 2001")
    expect(page.locator("#result th")).to_have_count(2)
    assert heads(page) == ["Count", "name"]
    assert tab.unfit() == []
    page.click("#start")
    page.wait_for_selector("#download:visible")
    assert page.inner_text("#work-rows") == "100"
    assert page.evaluate("document.activeElement.id") == "download"
    assert tab.unfit() == []
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "got.xlsx")

    assert download.value.suggested_filename == "people.xlsx"
    sheet = load_workbook(tmp_path / "got.xlsx").active
    assert sheet is not None
    rows = list(sheet.values)
    assert rows[:3] == [("Count", "name"), (1, "p1"), (4, "p4")]
    assert len(rows) == 101


def test_the_whole_page_works_by_keyboard(
    tab: Tab, source: Sources, tmp_path: Path
) -> None:
    page, press = tab.page, tab.page.keyboard.press

    def tab_to(selector: str) -> None:
        for _ in range(60):
            if page.evaluate(f"document.activeElement.matches({selector!r})"):
                return
            press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    tab_to("#source_url")
    page.keyboard.type(source.put("/keys.csv", CSV.encode()))
    press("Enter")
    page.wait_for_selector("#columns li")
    tab_to("[aria-label='Move name']")
    press("ArrowDown")
    press("ArrowDown")
    assert names(page) == ["year", "n", "name"]
    assert page.inner_text("#columns-told") == "name is now column 3 of 3."
    tab_to("[aria-label='New name of name']")
    press("Control+A")
    page.keyboard.type("Who")
    tab_to("#filter")
    page.keyboard.type("n = 7")
    expect(page.locator("#result tbody tr")).to_have_count(1)
    tab_to("#start")
    press("Enter")
    page.wait_for_selector("#download:visible")
    with page.expect_download() as download:
        press("Enter")
    download.value.save_as(tmp_path / "got.xlsx")

    sheet = load_workbook(tmp_path / "got.xlsx").active
    assert sheet is not None
    assert list(sheet.values) == [("year", "n", "Who"), ("2001", "7", "p7")]


def test_faults_are_told_next_to_their_fields(tab: Tab, source: Sources) -> None:
    page = tab.page
    page.click("#look")
    assert page.inner_text("#source_url-wrong") == "Give the address of a table."
    page.fill("#source_url", source.fails("/none.csv", "404 Not Found"))
    page.click("#look")
    page.wait_for_selector("#source_url-wrong:has-text('404')")
    assert page.get_attribute("#source_url", "aria-invalid") == "true"
    assert page.evaluate("document.activeElement.id") == "source_url"

    looked_at(page, source.put("/ok.csv", CSV.encode()))
    assert page.inner_text("#source_url-wrong") == ""
    page.fill("#filter", "year = ")
    page.wait_for_selector("#filter-wrong:has-text('Expected a value')")
    assert page.locator("#filter-mark mark").is_visible()
    assert tab.unfit() == []
    page.fill("#filter", "")
    page.wait_for_selector("#filter-wrong", state="hidden")
    page.click("#none")
    page.wait_for_selector("#columns-wrong:has-text('at least one column')")


def test_an_export_goes_on_when_the_page_is_loaded_again(
    tab: Tab, source: Sources
) -> None:
    page = tab.page
    looked_at(page, source.put("/again.csv", CSV.encode()))
    page.click("#start")
    page.wait_for_selector("#download:visible")

    page.reload()
    page.wait_for_selector("#download:visible")

    assert "again.xlsx, 300 rows" in page.inner_text("#work-told")


def test_without_a_websocket_progress_is_asked_for(tab: Tab, source: Sources) -> None:
    page = tab.page
    page.add_init_script(
        "window.WebSocket = class extends EventTarget { constructor() { super();"
        " setTimeout(() => this.dispatchEvent(new Event('close'))) } }"
    )
    page.reload()
    looked_at(page, source.put("/polled.csv", CSV.encode()))
    page.click("#start")
    page.wait_for_selector("#download:visible")

    assert page.inner_text("#work-rows") == "300"


def test_types_are_guessed_when_asked_for(tab: Tab, source: Sources) -> None:
    page = tab.page
    rows = b"code,n,x,day\n007,1,1.5,2026-01-01\n010,2,-2,2026-01-02\n"
    looked_at(page, source.put("/types.csv", rows))

    page.click("#guess")

    chosen = page.locator("#columns select").evaluate_all(
        "all => all.map(o => o.value)"
    )
    assert chosen == ["", "integer", "number", "date"]
    page.wait_for_selector("#result .type:has-text('date')")
