"""The page of a data set in Chromium: rows that scroll, and a chart that tells."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.browser import BROWSER, Tab, tab_at
from tests.support.published import Published, published

pytestmark = BROWSER


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with published(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def tab(site: Published) -> Iterator[Tab]:
    with tab_at(site.origin) as opened:
        opened.open("/datasets/demo/finance-vix/1")
        yield opened
        assert opened.troubles == []


def rows_there(page: Page) -> int:
    return page.locator(".rows tbody tr:not(.gap)").count()


def test_the_rows_scroll_to_the_last_with_few_of_them_there(tab: Tab) -> None:
    page = tab.page
    assert page.inner_text("#grid-told") == "All 9,235 rows"
    assert rows_there(page) < 60

    page.focus(".rows")
    page.keyboard.press("End")
    last = page.locator("tr[aria-rowindex='9236']")
    last.wait_for()

    assert rows_there(page) < 60
    assert last.inner_text().split()[:2] == ["9,235", "2026-07-23"]
    head = page.locator(".rows thead th").last.bounding_box()
    region = page.locator(".rows").bounding_box()
    assert head is not None
    assert region is not None
    assert abs(head["y"] - region["y"]) < 3
    page.keyboard.press("Home")
    first = page.locator("tr[aria-rowindex='2']")
    first.wait_for()
    assert first.inner_text().split()[1] == "1990-01-02"


def test_the_chart_is_drawn_and_read_by_keyboard(tab: Tab) -> None:
    page = tab.page
    line = page.locator("#chart .line").get_attribute("d") or ""
    assert line.count("L") == 9_234
    drawn = page.locator("#chart svg")
    assert (drawn.get_attribute("aria-label") or "").startswith(
        "Chart. CLOSE: 9,235 dates from 1990-01-02 to 2026-07-23, between 9.14 and"
    )

    page.select_option("#chart-column", label="HIGH")
    page.focus("#chart-at")
    page.keyboard.press("Home")

    assert page.inner_text("#chart-reading") == "1990-01-02: 17.24"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#chart-reading") == "1990-01-03: 18.19"
    assert page.get_attribute("#chart-at", "aria-valuetext") == "1990-01-03: 18.19"


def test_two_revisions_are_compared_from_the_page(tab: Tab) -> None:
    tab.page.select_option("#a", "1")
    tab.page.select_option("#b", "2")
    tab.page.click("text=What changed?")
    tab.page.wait_for_selector("text=Rows that differ")

    words = " ".join(tab.page.inner_text("#content").split())
    assert "vix-daily 9,235 9,234 0 1 0 Rows that differ" in words


def test_without_scripts_the_first_rows_are_there(site: Published) -> None:
    page = site.web.get("/datasets/demo/finance-vix/1").text

    assert "The first 30 of 9,235 rows" in page
    assert "1990-01-02" in page
