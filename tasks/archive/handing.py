"""Handing out a stored file: by us, by the proxy before us, or by the store itself."""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from tasks.archive.download import file_reply
from tasks.archive.sendfile import Sendfile
from tasks.archive.stored import store

# Long enough to begin a download; who has the address needs no more to read the file.
LINK_GOOD_FOR_S = 300
LINKED = ("Content-Type", "Content-Disposition")


def stored_reply(  # noqa: PLR0913 - a file has that many sides, all named
    request: HttpRequest,
    *,
    digest: str,
    size: int,
    name: str,
    media_type: str,
    modified_at: datetime,
    inline: bool = False,
    may_redirect: bool = False,
) -> HttpResponseBase:
    """Answer GET or HEAD for a stored file, `may_redirect` where a contract lets us.

    Raises:
        StoreError: the store no longer has it, or does not answer.
    """
    # An If-Range names our ETag, which a bucket does not know.
    links = (
        may_redirect and settings.STORE_PRESIGN and "If-Range" not in request.headers
    )
    return file_reply(
        request,
        open_file=partial(store().open, digest, size=size),
        size=size,
        digest=digest,
        name=name,
        media_type=media_type,
        modified_at=modified_at,
        inline=inline,
        elsewhere=partial(_elsewhere, digest, size=size, links=links),
    )


def _elsewhere(
    digest: str, headers: dict[str, str], *, size: int, links: bool
) -> HttpResponse | None:
    """Say who else sends the file; None, if it is for us to do."""
    sendfile: Sendfile | None = settings.SENDFILE
    path = store().path(digest) if sendfile else None
    if sendfile and path and path.stat().st_size == size:
        told = {k: v for k, v in headers.items() if k != "Accept-Ranges"}  # its own
        return HttpResponse(headers=told | sendfile.headers(path))
    if links and store().size(digest) == size:
        told = {name: headers[name] for name in LINKED}
        link = store().link(digest, headers=told, expires_s=LINK_GOOD_FOR_S)
        return _redirect(link) if link else None
    return None


def _redirect(link: str) -> HttpResponse:
    headers = {"Location": link, "Cache-Control": "private, no-store"}
    return HttpResponse(status=302, headers=headers)
