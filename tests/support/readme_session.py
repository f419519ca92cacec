"""The seed README's example session: its curl lines, and a source for them."""

import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.tasks.outbound.servers import Connection, Request, Server, ok

ADD_A_COLUMN = r"""
curl -X POST "http://localhost:8000/api/export/inputs" \
  -H "Content-Type: application/json" \
  -d '{"name": "revenue", "column": 3, "change_order": 1}'
"""
BULK_ADD_COLUMNS = r"""
curl -X POST "http://localhost:8000/api/export/bulk-inputs" \
  -H "Content-Type: application/json" \
  -d '[{"name": "a", "column": 1}, {"name": "b", "column": 2}]'
"""
SET_CONFIG = r"""
curl -X POST "http://localhost:8000/api/export/configure" \
  -H "Content-Type: application/json" \
  -d '{"file_type": "zip", "rate_limit": 10, "page_limit": 100}'
"""
START = r"""
curl -X POST "http://localhost:8000/api/export/start"
"""
STATUS = r"""
curl "http://localhost:8000/api/export/status/<task_id>"
"""
DOWNLOAD = r"""
curl -O "http://localhost:8000/api/export/download/<task_id>"
"""


def run(line: str, folder: Path, *, port: int, task_id: str = "") -> str:
    """Run a line of the README in a shell; only port and task are put in."""
    filled = line.replace(":8000/", f":{port}/").replace("<task_id>", task_id)
    done = subprocess.run(
        ["bash", "-c", filled],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


class Rows(Server):
    """Hands out `total` rows of five columns, a page at a time."""

    def __init__(self, *, total: int) -> None:
        super().__init__()
        self.total = total
        self.pages: list[int] = []
        self.does(self._page)

    @property
    def url(self) -> str:
        return f"{self.origin}/rows"

    def row(self, number: int) -> dict[str, int | str]:
        return {"id": number, "x": number * 2, "y": "é,", "z": 7, "w": f"w{number}"}

    def _page(self, peer: Connection, request: Request) -> None:
        query = parse_qs(urlsplit(request.path).query)
        page, limit = int(query["page"][0]), int(query["limit"][0])
        self.pages.append(page)
        first = (page - 1) * limit
        rows = [self.row(n) for n in range(first, min(first + limit, self.total))]
        peer.send(ok(json.dumps(rows).encode(), "Content-Type: application/json"))
