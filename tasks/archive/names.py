"""File names that are safe on every system and in every header."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

MAX_BYTES = 200  # of 255 that file systems allow, so that a suffix still fits

# Controls, invisible and bidirectional marks, lone surrogates, line separators.
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}

NOT_ON_WINDOWS = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
WINDOWS_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)
# One or two short endings, so that .csv and .tar.gz both survive shortening.
EXTENSION = re.compile(r"(?:\.[a-z0-9]{1,10}){1,2}$", re.IGNORECASE | re.ASCII)

ATTR_CHAR = "!#$&+-.^_`|~"  # RFC 8187, besides letters and digits

OCTETS = "application/octet-stream"
OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    "arrow": "application/vnd.apache.arrow.file",
    "avif": "image/avif",
    "bz2": "application/x-bzip2",
    "csv": "text/csv; charset=utf-8",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "geojson": "application/geo+json",
    "gif": "image/gif",
    "gz": "application/gzip",
    "htm": "text/html; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "log": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "png": "image/png",
    "sqlite": "application/vnd.sqlite3",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "tgz": "application/gzip",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "xml": "application/xml",
    "xz": "application/x-xz",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "zip": "application/zip",
    "zst": "application/zstd",
}


def extension(name: str) -> str:
    """Return what follows the last dot, in lower case; empty without one."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def media_type(name: str) -> str:
    return MEDIA_TYPES.get(extension(name), OCTETS)


def safe_name(name: str, *, fallback: str) -> str:
    """Return the last part of a name, harmless on Unix, Windows and the web.

    At most 200 bytes of UTF-8, the extension kept; `fallback` as it is when
    nothing usable is left.
    """
    shown = "".join(c for c in name if unicodedata.category(c) not in HIDDEN)
    clean = unicodedata.normalize("NFC", shown).translate(NOT_ON_WINDOWS)
    parts = (part.strip(" .") for part in re.split(r"[/\\]", clean))
    last = [part for part in parts if part][-1:]
    if not last:
        return fallback
    stem, ending = _split(f"_{last[0]}" if WINDOWS_DEVICE.match(last[0]) else last[0])
    return _fit(stem, ending)


def unique_names(names: Iterable[str]) -> list[str]:
    """Tell equal names apart, without regard to case: `a.csv`, `A-2.csv`."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    result = []
    for name in names:
        free = name
        # Counting on from the last number keeps many equal names from going quadratic.
        while _key(free) in taken:
            count = counts[_key(name)] = counts.get(_key(name), 1) + 1
            free = _numbered(name, count)
        taken.add(_key(free))
        result.append(free)
    return result


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _numbered(name: str, count: int) -> str:
    stem, ending = _split(name)
    return _fit(stem, f"-{count}{ending}")


def content_disposition(name: str, *, inline: bool = False) -> str:
    """Return the header of RFC 6266, with `filename*` when ASCII does not do."""
    name = safe_name(name, fallback="download")
    # Some browsers undo percent signs in the plain form, hence none there.
    plain = _ascii(name).replace("%", "_")
    header = f'{"inline" if inline else "attachment"}; filename="{plain}"'
    if plain == name:
        return header
    return f"{header}; filename*=UTF-8''{quote(name, safe=ATTR_CHAR)}"


def _ascii(name: str) -> str:
    stem, ending = _split(name)
    letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return safe_name(f"{letters.strip() or 'download'}{ending}", fallback="download")


def _split(name: str) -> tuple[str, str]:
    ending = EXTENSION.search(name)
    at = ending.start() if ending else len(name)
    return name[:at], name[at:]


def _fit(stem: str, ending: str) -> str:
    room = MAX_BYTES - len(ending.encode())
    if len(stem.encode()) <= room:
        return stem + ending
    # Half a character at the cut is dropped.
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + ending
