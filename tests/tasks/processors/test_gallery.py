"""`gallery`: a website of images, with a map."""

import re

import pytest
from pytest_django import Settings

from tasks import services
from tasks.models import ResultType
from tasks.processors import find
from tasks.processors.website import headers_of
from tasks.states import JobState
from tests.support.images import picture
from tests.support.jobs import fresh
from tests.support.processing import Processing


def test_its_files_are_pages_thumbnails_and_what_came(processing: Processing) -> None:
    image = picture()
    processing.add("a.jpg", image, {"longitude": 1, "latitude": 2})
    processing.add("b.html", b"<script>alert(1)</script>")

    product = processing.make(find("gallery"))

    assert find("gallery").result_type == ResultType.WEBSITE
    assert (product.name, product.media_type) == (
        "index.html",
        "text/html; charset=utf-8",
    )
    assert set(product.pages) == {
        "files/a.jpg",
        "files/b.html",
        "icon.svg",
        "style.css",
        "thumbnails/0.jpg",
    }
    assert processing.read(product, "files/a.jpg") == image
    assert b"<script>" not in processing.read(product)


def test_equal_images_share_a_thumbnail(processing: Processing) -> None:
    processing.add("a.jpg", picture())
    processing.add("b.jpg", picture())

    pages = processing.make(find("gallery")).pages

    assert [path for path in pages if "thumb" in path] == ["thumbnails/0.jpg"]


def test_2000_images_come_on_pages_that_the_map_leads_to(
    processing: Processing,
) -> None:
    images = [picture("PNG", (4, 4), colour=(n, 0, 0)) for n in range(8)]
    processing.add_many(
        [
            (f"{n}.png", images[n % 8], {"longitude": n / 20, "latitude": 5})
            for n in range(2000)
        ]
    )

    product = processing.make(find("gallery"))

    first = processing.read(product).decode()
    last = processing.read(product, "page-9.html").decode()
    assert first.count("<figure>") == 240
    assert last.count("<figure>") == 2000 - 8 * 240
    links = re.findall(r'class="mark" href="([^"]+)"', first)
    assert "#asset-0" in links
    assert any(link.startswith("page-9.html#asset-") for link in links)
    for link in links:
        page, _, anchor = link.partition("#")
        content = processing.read(product, page).decode() if page else first
        assert f'id="{anchor}"' in content
    assert (processing.steps[1999].done, processing.steps[1999].total) == (2000, 2000)


def test_a_task_without_assets_is_a_page_too(processing: Processing) -> None:
    processing.add_failed("a<b>.jpg", "http_404", "The server said <i>404</i>.")

    page = processing.read(processing.make(find("gallery"))).decode()

    assert "None of the files is an image" in page
    assert "a&lt;b&gt;.jpg" in page
    assert "The server said &lt;i&gt;404&lt;/i&gt;." in page


def test_a_cancelled_job_stops_between_two_images(
    processing: Processing, settings: Settings
) -> None:
    processing.add_many([(f"{n}.jpg", picture(), {}) for n in range(50)])
    run = processing.work
    running = find("gallery").run(processing.job())
    next(running)

    services.cancel(run.job)
    run.lease.look()
    run._steps = processing.rest_of(running)

    assert run.advance(until=float("inf"))
    assert fresh(run.job).state == JobState.CANCELLED
    assert processing.steps == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("index.html", True),
        ("style.css", True),
        ("icon.svg", True),
        ("thumbnails/1.webp", True),
        ("files/a.html", False),
        ("files/a.svg", False),
        ("files/a.jpg", False),
        ("script.js", False),
        ("data.xml", False),
        ("x", False),
    ],
)
def test_only_what_is_ours_is_shown_by_a_browser(path: str, shown: bool) -> None:
    headers = headers_of(path)

    assert headers["Content-Disposition"].startswith(
        "inline" if shown else "attachment"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert (headers["Content-Type"] == "application/octet-stream") is not shown
    assert ("sandbox" in headers["Content-Security-Policy"]) is (path != "index.html")
