"""A local server of source files, each of which does what a test tells it."""

import zlib
from collections import defaultdict
from collections.abc import Iterable

from tests.tasks.outbound.servers import Answer, Connection, Request, Server, ok

Reply = bytes | Answer


class Sources(Server):
    """Answers by path, with each reply in turn and the last one for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: dict[str, list[Reply]] = {}
        self.seen: defaultdict[str, list[Request]] = defaultdict(list)
        self.does(self._answer_by_path)

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"

    def put(self, path: str, body: bytes, *headers: str) -> str:
        """Serve a file, and return its URL."""
        return self.act(path, ok(body, *headers))

    def fails(self, path: str, status: str, *headers: str, body: bytes = b"") -> str:
        return self.act(path, ok(body, *headers, status=status))

    def act(self, path: str, *replies: Reply) -> str:
        self.replies[path] = list(replies)
        return self.url(path)

    def _answer_by_path(self, peer: Connection, request: Request) -> None:
        path = request.path.partition("?")[0]
        self.seen[path].append(request)
        waiting = self.replies.get(path) or [ok(b"", status="404 Not Found")]
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(reply, bytes):
            peer.send(reply)
        else:
            reply(peer, request)


def unless_known(body: bytes, *, etag: str = "", modified: str = "") -> Answer:
    """Answer 304 to whoever has the file already, by either validator."""
    headers = [f"ETag: {etag}"] * bool(etag)
    headers += [f"Last-Modified: {modified}"] * bool(modified)

    def answer(peer: Connection, request: Request) -> None:
        known = request.headers.get("if-none-match") == etag if etag else False
        known |= bool(modified) and request.headers.get("if-modified-since") == modified
        peer.send(ok(b"", *headers, status="304 Not Modified") if known else whole)

    whole = ok(body, *headers)
    return answer


def gzipped(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(body) + packer.flush()


def csv_of(rows: Iterable[Iterable[object]]) -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in rows).encode()
