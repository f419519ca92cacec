"""A runner process: posts what dpp 2.2.11 posts for each pipeline, and as it does.

    python -m tests.support.runner HOOK PIPELINE …

As dpp, it takes any status but 200 for a failure of its own; unlike dpp it stops there.
A pipeline whose name ends with `!` fails.
"""

import sys
from typing import Any

import requests

LOG = ["(sink): >>> PROCESSED ROWS: 0", "load: INFO    :Processed 2 rows"]
GOOD: dict[str, Any] = {
    "success": True,
    "stats": {
        ".dpp": {"out-datapackage-url": "out/ok/datapackage.json"},
        "bytes": 1066,
        "count_of_rows": 2,
        "dataset_name": "_",
        "hash": "8a91",
    },
}
BAD: dict[str, Any] = {"success": False, "errors": ["load", "Traceback ..."]}


def main(hook: str, *pipelines: str) -> int:
    return max(run(hook, one) for one in pipelines)


def run(hook: str, pipeline: str) -> int:
    said = {"pipeline_id": f"./{pipeline.removesuffix('!')}"}
    end = BAD if pipeline.endswith("!") else GOOD
    for message in (
        {"event": "queue"},
        {"event": "start"},
        {"event": "progress", "log": LOG},
        {"event": "finish", **end},
    ):
        reply = requests.post(hook, json={**said, **message}, timeout=30)
        print(reply.status_code, reply.text, flush=True)
        if reply.status_code != 200:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
