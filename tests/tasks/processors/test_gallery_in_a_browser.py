"""The gallery as Chromium shows it."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tasks.processors import Product, find
from tasks.processors.website import headers_of
from tests.support.chromium import PROGRAM, Page, open_page
from tests.support.images import exif, gps, landscape, picture, png_bomb
from tests.support.processing import Processing

pytestmark = [
    pytest.mark.live,
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed"),
]

HOSTILE = [
    "<script>alert(1)</script>.jpg",
    '"><img src=x onerror=alert(2)>.jpg',
    "../../etc/passwd.jpg",
    "photo\u202egpj.exe",
    "it's 100% “fine” & #1?.jpg",
    "javascript:alert(3).jpg",
    "שלום.jpg",
    "{{ 7|add:7 }}{% now 'Y' %}.jpg",
]
CITIES = [
    *[(52.52, 13.40), (48.86, 2.35), (41.90, 12.50), (40.42, -3.70), (59.33, 18.07)],
    *[(51.51, -0.13), (53.35, -6.26), (38.72, -9.14), (37.98, 23.73), (60.17, 24.94)],
]


class Handler(BaseHTTPRequestHandler):
    """Serves a website under a path, with the headers that it is to have."""

    def __init__(self, site: "tuple[Processing, Product]", *arguments: object) -> None:
        self.processing, self.product = site
        super().__init__(*arguments)  # type: ignore[arg-type] # as socketserver gives

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).removeprefix("/results/1/")
        if path not in self.product.pages and path != "index.html":
            self.send_error(404)
            return
        page = "" if path == "index.html" else path
        content = self.processing.read(self.product, page)
        self.send_response(200)
        for name, value in headers_of(path).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(processing: Processing) -> Iterator[str]:
    """A gallery of photos, of images that are none, and of hostile names."""
    for number, (latitude, longitude) in enumerate(CITIES):
        content = landscape(
            (1600, 1200) if number % 3 else (900, 1200),
            number,
            exif(
                gps=gps(latitude, longitude),
                taken=f"2026:05:{number + 1:02d} 10:20:30",
                make="Nikon",
                model="Nikon D850",
            ),
        )
        processing.add(
            f"IMG_{number:04d}.jpg", content, {"mission": "spring", "n": number}
        )
    for number, name in enumerate(HOSTILE):
        processing.add(
            name,
            picture("PNG", (300, 200), colour=(30 * number, 120, 160)),
            {
                "<b>key</b>": "<img src=x onerror=alert(4)>",
                "longitude": 10,
                "latitude": 50,
            },
            name=f"hostile-{number}.jpg" if number % 2 else name,
        )
    processing.add("page.jpg", b"<html><script>alert(5)</script></html>")
    processing.add(
        "drawing.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(6)'/>"
    )
    processing.add("bomb.png", png_bomb(30_000), {"longitude": 20, "latitude": 47})
    processing.add_failed("gone<b>.jpg", "http_404", "The server said <i>404</i>.")
    product = processing.make(find("gallery"))
    handler = partial(Handler, (processing, product))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/results/1/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with open_page(tmp_path / "profile") as opened:
        yield opened


def test_the_gallery_is_shown_whole_and_safe(
    site: str, page: Page, tmp_path: Path
) -> None:
    page.screen(1280, 900)
    page.open(f"{site}index.html")
    page.value("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    page.settle()

    # Thumbnails are drawn.
    assert page.value("document.images.length") == 18
    assert page.value(
        "[...document.images].every(i => i.complete && i.naturalWidth > 0)"
    )
    # Points are on the map: the ten cities, and eight images at one place.
    assert page.value("document.querySelectorAll('.mark circle').length") == 12
    assert page.value("document.querySelector('.mark text').textContent") == "8"
    assert page.value(INSIDE)
    assert page.value("document.querySelectorAll('.lines path').length") > 4
    # Hostile names are text.
    assert page.value("document.scripts.length") == 0
    titles = page.value(
        "[...document.querySelectorAll('.card h3')].map(h => h.textContent)"
    )
    assert HOSTILE[0] in titles
    assert HOSTILE[1] in titles
    assert "photo<U+202E>gpj.exe" in titles
    assert HOSTILE[7] in titles
    assert page.value("document.querySelectorAll('b, i').length") == 0
    # Neither was anything asked for elsewhere, nor did anything complain.
    assert page.dialogs == []
    assert page.troubles == []
    assert page.requests
    assert all(url.startswith(site) for url in page.requests)


INSIDE = """
(() => {
  const map = document.querySelector('.map').getBoundingClientRect();
  return [...document.querySelectorAll('.mark circle')].every(c => {
    const r = c.getBoundingClientRect();
    return r.width > 4 && r.left > map.left && r.right < map.right
        && r.top > map.top && r.bottom < map.bottom;
  });
})()
"""


def test_points_are_where_they_belong(site: str, page: Page) -> None:
    page.open(f"{site}index.html")

    def at(name: str) -> tuple[float, float]:
        x, y = page.value(
            "(() => { const c = [...document.querySelectorAll('.mark')]"
            f".find(a => a.querySelector('title').textContent == '{name}')"
            ".querySelector('circle'); return [+c.getAttribute('cx'),"
            " +c.getAttribute('cy')] })()"
        )
        return x, y

    berlin, paris, helsinki, lisbon = (at(f"IMG_000{n}.jpg") for n in (0, 1, 9, 7))
    assert lisbon[0] < paris[0] < berlin[0] < helsinki[0]
    assert helsinki[1] < berlin[1] < paris[1] < lisbon[1]


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_and_the_dark(
    site: str, page: Page, width: int, dark: bool, tmp_path: Path
) -> None:
    page.screen(width, 800, dark=dark)
    page.open(f"{site}index.html")

    assert page.value("document.documentElement.scrollWidth") == width
    ground = page.value("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(18, 24, 26)" if dark else "rgb(246, 245, 241)")
    page.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_every_download_gives_the_file_that_came(
    site: str, page: Page, processing: Processing
) -> None:
    page.open(f"{site}index.html")

    sizes = page.value(
        "[...document.querySelectorAll('.card .download, .rows a[download]')]"
        ".map(a => a.href)"
    )

    assert len(sizes) == 21
    assert all(url.startswith(f"{site}files/") for url in sizes)
    for url in sizes:
        assert unquote(urlsplit(url).path).removeprefix("/results/1/").count("/") == 1


def test_a_landmark_and_a_name_for_each_part(site: str, page: Page) -> None:
    page.open(f"{site}index.html")

    tree = page.ask("Accessibility.getFullAXTree")["nodes"]
    seen = {
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree
    }

    assert {("main", ""), ("banner", "")} <= seen
    assert ("region", "Map") in seen
    assert ("region", "Images") in seen
    assert ("image", "Thumbnail of IMG_0000.jpg") in seen
    assert ("link", "Download IMG_0000.jpg") in seen
