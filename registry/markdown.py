"""What publishers write in Markdown, as HTML that can do no harm in our pages."""

import re
from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# What takes longer to read than a person has, or to parse than a request may.
LONGEST = 100_000
OUTSIDE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
# The page's own title is the first level, and a part of it the second.
LEVELS_BELOW = 2


def to_html(text: str) -> SafeString:
    """Return CommonMark with tables as HTML; HTML in it is shown as text.

    Links lead to the web or to mail, and nowhere on this site. An image becomes a
    link to it: nothing is loaded from elsewhere.
    """
    html: str = _markdown().render(text[:LONGEST])
    return SafeString(html)  # nothing in it is as it came: html is off


def _markdown() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.validateLink = _leads_outside  # type: ignore[method-assign] # its own hook
    reader.core.ruler.push("headings_below", _headings_below)
    reader.core.ruler.push("marked_links", _mark_links)
    reader.add_render_rule("image", _image)
    return reader


def _leads_outside(url: str) -> bool:
    return OUTSIDE.match(url) is not None


def _headings_below(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + LEVELS_BELOW)}"


def _mark_links(state: StateCore) -> None:
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "nofollow noopener noreferrer")


def _image(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    at: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[at]
    words = renderer.renderInlineAsText(token.children or [], options, env)
    # Within a link it can be no link of its own.
    if _is_inside(tokens, at):
        return format_html("{}", words or "image")
    link = '<a href="{}" rel="nofollow noopener noreferrer">{}</a>'
    return format_html(link, str(token.attrs["src"]), words or "image")


def _is_inside(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a token stands between a link's beginning and its end."""
    kinds = [one.type for one in tokens[:at]]
    return kinds.count("link_open") > kinds.count("link_close")
