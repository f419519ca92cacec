"""A downloader as contract 002's seed describes it: urllib alone, and no patience.

It always sends `reverse` and `limit`, first polls after a tenth of a second, asks
again without a pause when it is refused for too much work or its results are gone,
and takes its redirects by itself.
"""

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPRedirectHandler, Request, build_opener

FIRST_POLL_S = 0.1


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


class Downloader:
    def __init__(self, url: str, key: str, **parameters: Any) -> None:
        self.url = url
        self.key = key
        self.parameters = {"reverse": "False", "limit": "100000", **parameters}
        self.polls: list[int] = []  # the statuses of the query under way
        self.refusals = 0
        self._opener = build_opener(_Stays)

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Yield one page after another, each of its own query."""
        token: str | None = None
        while True:
            more = {"token": token} if token else {}
            headers, body = self.fetch(self.url, {**self.parameters, **more})
            yield json.loads(body)
            token = headers.get("X-Next-Token")
            if token is None:
                return

    def count(self) -> int:
        _, body = self.fetch(f"{self.url}/count", {"reverse": "False"})
        count: int = json.loads(body)["count"]
        return count

    def fetch(self, url: str, parameters: dict[str, str]) -> tuple[Any, bytes]:
        """Go through the three phases, from the start for as often as it takes."""
        while True:
            status, headers, _ = self.send("POST", f"{url}?{urlencode(parameters)}")
            if status == 503:
                int(headers["Retry-After"])
                self.refusals += 1
                continue
            assert status == 202, status
            where = self.wait(urljoin(url, headers["Location"]))
            status, headers, body = self.send("GET", where)
            if status == 410:
                continue
            assert status == 200, status
            return headers, body

    def wait(self, url: str) -> str:
        self.polls = []
        time.sleep(FIRST_POLL_S)
        while True:
            status, headers, _ = self.send("GET", url)
            self.polls.append(status)
            if status == 302:
                return urljoin(url, str(headers["Location"]))
            assert status == 202, status
            time.sleep(int(headers["Retry-After"]))

    def send(self, method: str, url: str) -> tuple[int, Any, bytes]:
        headers = {"Authorization": f"token {self.key}", "Accept-Encoding": "gzip"}
        data = b"" if method == "POST" else None
        request = Request(url, data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=30) as reply:
                return reply.status, reply.headers, _plain(reply.headers, reply.read())
        except HTTPError as error:
            with error:
                return error.code, error.headers, error.read()


def _plain(headers: Any, body: bytes) -> bytes:
    return gzip.decompress(body) if headers["Content-Encoding"] == "gzip" else body
