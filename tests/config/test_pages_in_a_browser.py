"""Every page as Chromium shows it: fit for all, quiet, and alone with this service."""

from collections.abc import Iterator

import pytest

from tests.support.browser import BROWSER, tab_at
from tests.support.published import HOSTILE, Published, published

pytestmark = BROWSER

PAGES = [
    "/",
    "/?q=nothing+like+this",
    "/datasets/demo",
    "/datasets/demo/finance-vix",
    "/datasets/demo/finance-vix/1?table=vix-monthly",
    "/datasets/demo/finance-vix/diff?a=1&b=2",
    "/datasets/mallory/hostile",
    "/export/new",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with published(tmp_path_factory.mktemp("site")) as running:
        running.web.get("/datasets/demo/finance-vix/diff?a=1&b=2")
        yield running


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_shuts_anybody_out(site: Published, dark: bool) -> None:
    with tab_at(site.origin, dark=dark) as tab:
        for path in PAGES:
            tab.open(path)

            assert tab.unfit() == [], path
        assert tab.troubles == []
        assert tab.elsewhere == []
        assert tab.refused == []


@pytest.mark.parametrize("width", [320, 390])
def test_every_page_fits_a_phone(site: Published, width: int) -> None:
    with tab_at(site.origin, width=width, height=844) as tab:
        for path in PAGES:
            tab.open(path)

            assert tab.overflow == 0, path


def test_hostile_words_are_text_in_a_browser(site: Published) -> None:
    with tab_at(site.origin) as tab:
        for path in ("/", "/datasets/mallory", "/datasets/mallory/hostile"):
            tab.open(path)

            assert HOSTILE in tab.page.inner_text("main"), path
            assert tab.page.locator("main img").count() == 0
        assert tab.page.locator(".rows tr:not(.gap) td").first.inner_text() == HOSTILE
        assert tab.troubles == []
        assert tab.elsewhere == []


def test_a_script_that_got_into_a_page_would_not_run(site: Published) -> None:
    with tab_at(site.origin) as tab:
        tab.open("/")
        tab.page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'),"
            " {textContent: 'window.ran = true'}))"
        )

        assert tab.page.evaluate("window.ran") is None
        assert any("Content Security Policy" in one for one in tab.troubles)


def test_the_first_tab_stop_skips_to_the_content(site: Published) -> None:
    with tab_at(site.origin) as tab:
        tab.open("/")
        tab.page.keyboard.press("Tab")
        assert tab.page.evaluate("document.activeElement.textContent") == (
            "Skip to the content"
        )
        tab.page.keyboard.press("Enter")

        assert tab.page.evaluate("document.activeElement.id") == "content"


def test_the_admin_works_under_the_policy(site: Published) -> None:
    with tab_at(site.origin) as tab:
        tab.open("/admin/login/")
        tab.page.fill("#id_username", "nobody")
        tab.page.fill("#id_password", "wrong")
        tab.page.click("[type=submit]")

        assert "Please enter the correct username" in tab.page.inner_text("main")
        assert [one for one in tab.troubles if "Policy" in one] == []
