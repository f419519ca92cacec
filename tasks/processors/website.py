"""How the files of a result that is a website are served."""

from tasks.archive.names import OCTETS, content_disposition, extension

FILES = "files/"  # what came from others, for download only

# Ours to write, so a browser may show it; everything else is downloaded.
SHOWN = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
# Neither scripts nor anything from elsewhere; nobody may frame it.
PAGE_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def headers_of(path: str) -> dict[str, str]:
    """Return the headers that keep a website's file from doing harm in our origin."""
    kind = extension(path)
    shown = not path.startswith(FILES) and kind in SHOWN
    return {
        "Content-Type": SHOWN[kind] if shown else OCTETS,
        "Content-Disposition": content_disposition(path, inline=shown),
        "Content-Security-Policy": PAGE_POLICY if kind == "html" and shown else SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
