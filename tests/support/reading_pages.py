"""Pages as a test reads them: their words without the tags."""

import html
import re
from dataclasses import dataclass

from django.test import Client


@dataclass(frozen=True)
class Read:
    status: int
    source: str

    @property
    def text(self) -> str:
        """All that is to be read, with single spaces."""
        words = re.sub(r"<[^>]*>", " ", self.source)
        return " ".join(html.unescape(words).split())

    @property
    def links(self) -> list[str]:
        found = re.findall(r'<a [^>]*href="([^"]*)"', self.source)
        return [html.unescape(one) for one in found]


def read(client: Client, url: str, **headers: str) -> Read:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = client.get(url, headers={"Accept": "text/html", **named})
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8", url
    return Read(reply.status_code, reply.content.decode())
