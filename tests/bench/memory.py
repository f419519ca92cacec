"""What the bare views answer."""

from typing import Any

MEMORY: dict[str, Any] = {
    "id": "bench/one/1",
    "pipelines": {},
    "spec_contents": {"a": ["b"] * 200},
}
