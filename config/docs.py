"""The API's description for people: Swagger UI, and the pages of docs/."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER: Path = settings.BASE_DIR / "docs"
OTHER_PAGE = re.compile(r"(?:docs/)?([a-z-]+)\.md(#.*)?")
SCROLLED = {"fence", "table_open"}  # may be wider than the page: keys must reach them
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def index(request: HttpRequest) -> HttpResponse:
    return render(request, "docs/api.html", {"section": "docs", "pages": pages()})


def page(request: HttpRequest, name: str) -> HttpResponse:
    title = pages().get(name)
    if title is None:
        raise Http404
    told = {"name": name, "title": title, "body": _html(name)}
    return render(
        request, "docs/page.html", {"section": "docs", "pages": pages(), **told}
    )


@cache
def pages() -> dict[str, str]:
    """Return the titles of the pages by their names."""
    found = {}
    for path in sorted(FOLDER.glob("*.md")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        found[path.stem] = first.removeprefix("# ")
    return found


@cache
def _html(name: str) -> str:
    tokens = MARKDOWN.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    for one, inner in zip(tokens, [*tokens[1:], None], strict=True):
        if one.type == "heading_open" and inner:
            one.attrSet("id", anchor(inner.content))
        if one.type in SCROLLED:
            one.attrSet("tabindex", "0")
        _link(one.children or [])
    html: str = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return html


def anchor(heading: str) -> str:
    """Return the name that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _link(tokens: Sequence[Token]) -> None:
    """Point links to other pages to where they are served."""
    for one in tokens:
        if one.type == "link_open":
            found = OTHER_PAGE.fullmatch(str(one.attrGet("href")))
            if found:
                one.attrSet("href", f"/docs/{found[1]}{found[2] or ''}")
