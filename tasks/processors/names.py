"""Assets' names, as a file system and a page can bear them."""

import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit, urlunsplit

from tasks.archive.names import HIDDEN, safe_name, unique_names
from tasks.models import Asset

LONGEST_SHOWN = 200


def names_of(assets: Sequence[Asset], *, taken: Iterable[str] = ()) -> list[str]:
    """Return a name for each asset: one file in one folder, different from `taken`."""
    first = list(taken)
    safe = [safe_name(one.name, fallback=f"asset-{one.number}") for one in assets]
    return unique_names([*first, *safe])[len(first) :]


def shown(text: str, *, longest: int = LONGEST_SHOWN) -> str:
    """Return text for people: what hides or turns letters is spelt out, as <U+202E>."""
    # Sliced first: who sends a megabyte need not have all of it looked at.
    clear = "".join(_shown(letter) for letter in text[: longest + 1])
    return clear if len(clear) <= longest else f"{clear[: longest - 1]}…"


def _shown(letter: str) -> str:
    hidden = unicodedata.category(letter) in HIDDEN
    return f"<U+{ord(letter):04X}>" if hidden else letter


def source_of(url: str) -> str:
    """Return where an asset came from, without what may be secret in its URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
