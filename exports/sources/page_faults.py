"""What is said when a page cannot be had: its number, and what came instead."""

from exports.sources.page_links import shown
from exports.sources.page_requests import PagedSource
from tasks import outbound
from tasks.errors import WorkFailed

FIRST_CHARS = 200
OPEN_HEADERS = {"accept", "accept-language", "user-agent"}
SHORTEST_SECRET = 4


def page_failed(  # noqa: PLR0913 - a fault is told with all that is known
    source: PagedSource, number: int, url: str, reason: str, *, code: str, body: bytes
) -> WorkFailed:
    """Say what is wrong with a page that came, and how it begins."""
    begins = _beginning(source, body.decode("utf-8", "replace"))
    return WorkFailed(code, f"Page {number} of {shown(url)}: {reason}{begins}")


def not_fetched(
    source: PagedSource, number: int, error: outbound.OutboundError
) -> WorkFailed:
    """Say why a page did not come; the error's own sentence names the address."""
    excerpt = error.excerpt if isinstance(error, outbound.BadStatus) else ""
    return WorkFailed(
        error.code,
        f"Page {number}: {error}{_beginning(source, excerpt)}",
        temporary=error.temporary,
        retry_after_s=error.retry_after_s,
    )


def _beginning(source: PagedSource, text: str) -> str:
    begins = first_chars(source, text)
    return f" It begins: {begins}" if begins else ""


def first_chars(source: PagedSource, text: str) -> str:
    """Return the start of a body, printable and without the secrets sent to it."""
    text = text[: 4 * FIRST_CHARS]
    for secret in _secrets(source):
        text = _without_end(text.replace(secret, "…"), secret)
    readable = "".join(char if char.isprintable() else " " for char in text)
    return readable.strip()[:FIRST_CHARS]


def _without_end(text: str, secret: str) -> str:
    """Drop the start of a secret that the text breaks off in."""
    for size in range(len(secret) - 1, SHORTEST_SECRET - 1, -1):
        if text.endswith(secret[:size]):
            return text[:-size]
    return text


def _secrets(source: PagedSource) -> list[str]:
    """List what of the headers must not be quoted, the longest first."""
    values = [v for n, v in source.headers.items() if n.lower() not in OPEN_HEADERS]
    parts = {part for value in values for part in (value, *value.split())}
    return sorted(
        (part for part in parts if len(part) >= SHORTEST_SECRET), key=len, reverse=True
    )
