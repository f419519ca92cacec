"""The processor that makes a website of images and a map."""

from collections.abc import Generator, Iterator
from typing import Any

from django.template.loader import render_to_string

from tasks.archive.store import Stored
from tasks.engine.run import Step
from tasks.models import Asset, ResultType
from tasks.processors.base import ProcessorJob, Product
from tasks.processors.gallery.cards import SIDE, Card, card_of, missing_of
from tasks.processors.gallery.map import Pin, draw_map
from tasks.processors.names import names_of
from tasks.processors.sights import Eye, Thumbnail
from tasks.processors.website import FILES

INDEX = "index.html"
STATIC = ("icon.svg", "style.css")
CARDS_PER_PAGE = 240


class Gallery:
    name = "gallery"
    result_type = ResultType.WEBSITE

    def run(self, job: ProcessorJob) -> Generator[Step, None, Product]:
        site = _Site(job)
        yield from site.look_at_assets()
        yield from site.write_pages()
        stored = site.pages.pop(INDEX)
        return Product(
            stored=stored,
            name=INDEX,
            media_type="text/html; charset=utf-8",
            pages=site.pages,
        )


class _Site:
    def __init__(self, job: ProcessorJob) -> None:
        self.job = job
        self.pages: dict[str, Stored] = {}
        self.cards: list[Card] = []
        self.others: list[Card] = []  # what no thumbnail can be made of
        self.pins: list[Pin] = []
        self._thumbnails: dict[str, str] = {}  # paths by digests of assets

    def look_at_assets(self) -> Iterator[Step]:
        """Look at one asset a step."""
        eye, total = Eye(self.job), len(self.job.assets)
        names = names_of(self.job.assets)
        for count, asset in enumerate(self.job.assets, start=1):
            name = names[count - 1]
            sight = eye.look(asset, side=SIDE)
            self.pages[FILES + name] = Stored(asset.digest, asset.size_bytes or 0)
            card = card_of(asset, name, sight, self._thumbnail(asset, sight.thumbnail))
            self._place(card)
            yield self.job.run.step(done=count, total=total)
        self.job.run.note(
            f"Showing {len(self.cards)} images, {len(self.pins)} assets on the map."
        )

    def write_pages(self) -> Iterator[Step]:
        for name in STATIC:
            self.pages[name] = self._store(render_to_string(f"gallery/{name}").encode())
        # At least one page, also without an image.
        count = max(1, -(-len(self.cards) // CARDS_PER_PAGE))
        for number in range(1, count + 1):
            text = render_to_string("gallery/page.html", self._context(number, count))
            self.pages[_page_path(number)] = self._store(text.encode())
            yield self.job.run.step()

    def _thumbnail(self, asset: Asset, made: Thumbnail | None) -> str:
        if made is None:
            return ""
        if asset.digest not in self._thumbnails:
            path = f"thumbnails/{asset.number}.{made.extension}"
            self.pages[path] = self._store(made.content)
            self._thumbnails[asset.digest] = path
        return self._thumbnails[asset.digest]

    def _place(self, card: Card) -> None:
        (self.cards if card.thumbnail else self.others).append(card)
        if card.place:
            self.pins.append(Pin(card.place, card.title, self._link(card)))

    def _link(self, card: Card) -> str:
        """Return where the card will be, counted from the first page."""
        if not card.thumbnail:
            return f"#{card.anchor}"
        number = -(-len(self.cards) // CARDS_PER_PAGE)
        page = "" if number == 1 else _page_path(number)
        return f"{page}#{card.anchor}"

    def _context(self, number: int, count: int) -> dict[str, Any]:
        first = (number - 1) * CARDS_PER_PAGE
        shown = {
            "cards": self.cards[first : first + CARDS_PER_PAGE],
            "number": number,
            "count": count,
            "pages": [(n, _page_path(n)) for n in range(1, count + 1) if count > 1],
            "images": len(self.cards),
        }
        if number > 1:
            return shown
        missing = [missing_of(asset) for asset in self.job.failed]
        return shown | {
            "map": draw_map(self.pins),
            "placed": len(self.pins),
            "others": self.others,
            "missing": missing,
        }

    def _store(self, content: bytes) -> Stored:
        with self.job.writer() as out:
            out.write(content)
            return out.commit()


def _page_path(number: int) -> str:
    return INDEX if number == 1 else f"page-{number}.html"
