"""A live service in which data sets have been published, and a source of tables."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.sources import Sources
from tests.support.specstore import Json, spec_of, table
from tests.support.web import ROOT, Web, up

SAMPLE = ROOT / "registry" / "sample"
HOSTILE = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Published:
    web: Web
    sources: Sources
    folder: Path

    @property
    def origin(self) -> str:
        return self.web.address

    def submit(self, spec: Json) -> None:
        """Submit a spec in a process of its own, and wait until it has ended."""
        file = self.folder / "spec.json"
        file.write_text(json.dumps(spec), encoding="utf-8")
        subprocess.run(
            [sys.executable, "manage.py", "submit", str(file), "--wait"],
            cwd=ROOT,
            env={**os.environ, "VAR_DIR": str(self.folder), "DEBUG": "on"},
            check=True,
            capture_output=True,
            timeout=120,
        )


@contextmanager
def published(folder: Path) -> Iterator[Published]:
    """Run a service with two revisions of the sample, and one hostile data set."""
    with Sources() as sources, up(folder, DEBUG="on") as web:
        site = Published(web, sources, folder)
        daily = (SAMPLE / "vix-daily.csv").read_bytes()
        sources.put("/vix-monthly.csv", (SAMPLE / "vix-monthly.csv").read_bytes())
        for body in (daily, daily.rsplit(b"\n", 2)[0] + b"\n"):
            sources.put("/vix-daily.csv", body)
            site.submit(_sample(sources))
        site.submit(_hostile(sources))
        yield site


def _sample(sources: Sources) -> Json:
    text = (SAMPLE / "spec.json").read_text(encoding="utf-8")
    spec: Json = json.loads(text.replace("http://127.0.0.1:8765", sources.origin))
    descriptor = spec["inputs"][0]["parameters"]["descriptor"]
    descriptor["readme"] = "# Method\n\nAs [told](https://example.org/).\n"
    return spec


def _hostile(sources: Sources) -> Json:
    rows = f'"{HOSTILE}","a\u202eb"\n"{HOSTILE}",1\n"{"x" * 900}",2\n'.encode()
    url = sources.put("/hostile.csv", rows)
    spec = spec_of(table(HOSTILE, url), owner="mallory", dataset="hostile")
    resource = spec["inputs"][0]["parameters"]["descriptor"]["resources"][0]
    resource |= {"name": "t", "title": HOSTILE, "description": HOSTILE}
    names = [HOSTILE, "a\u202eb"]
    resource["schema"] = {"fields": [{"name": n, "type": "string"} for n in names]}
    spec["inputs"][0]["parameters"]["descriptor"] |= {
        "title": f"{HOSTILE} {'long' * 60}",
        "description": HOSTILE,
        "readme": f"{HOSTILE} ![i](https://elsewhere.example/i.png)",
    }
    return spec
