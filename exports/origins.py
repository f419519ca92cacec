"""Whether an address is of one file or of pages, as far as can be told beforehand."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from exports.request import Configuration
from exports.tables.formats import BY_EXTENSION

PACKED = {".gz", ".zip"}


def is_file(configuration: Configuration, url: str) -> bool:
    """Without a word about paging, JSON comes in pages, as in contract 3.4.1."""
    if configuration.paging is not None:
        return configuration.paging == "none"
    return (configuration.source_format or format_of(url)) not in {"", "json"}


def format_of(url: str) -> str:
    """Return the format that the ending of an address tells, or nothing."""
    suffix = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
    if suffix in PACKED:
        return suffix[1:]
    known = BY_EXTENSION.get(suffix[1:])
    return known.name if known else ""


def is_url(text: str | None) -> bool:
    """Tell whether a `db_url` means a source on the web."""
    return text is not None and text.lower().startswith(("http://", "https://"))
