"""The examples of the API's description, made of the literal exchanges of tests/wire.

python -m tests.support.wire_examples   # as `make examples` does
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

WIRE = Path(__file__).resolve().parents[1] / "wire"
MOST = 3  # of one operation and status
# What a file has in place of what differs in each run, and how that looks.
HEX = "0123456789abcdef0123456789abcde"
STANDS_FOR = {
    r"<task (\d)>": r"00000000-0000-4000-8000-00000000000\1",
    r"<id (\d)>": r"00000000-0000-4000-8000-00000000000\1",
    r"<files>": "https://files.example",
    r"<destination>": "https://destination.example",
    r"<time>": "2026-11-21T03:31:22.284165Z",
    r"http://testserver": "https://entrepot.example",
}
OF_DIALECT = {"fetchtozip": {r"<task (\d)>": rf"task_{HEX}\1"}}


def exchanges() -> Iterator[tuple[str, Any]]:
    """Give each exchange with a name, as a client would see it."""
    for file in sorted(WIRE.glob("*/*.json")):
        text = file.read_text(encoding="utf-8")
        stands_for = STANDS_FOR | OF_DIALECT.get(file.parent.name, {})
        for placeholder, value in stands_for.items():
            text = re.sub(placeholder, value, text)
        every = json.loads(text)["exchanges"]
        for number, one in enumerate(every, 1):
            if "request" in one:
                yield f"{file.parent.name}-{file.stem}-{number}", one


def examples(paths: Any) -> Any:
    """Return what is to be shown of each operation of a document."""
    found: dict[str, Any] = {}
    for name, one in exchanges():
        key = operation_of(one["request"], paths)
        if key is None:
            continue
        told = found.setdefault(key, {"requests": {}, "replies": {}})
        status = one["reply"]["status"]
        if "body" in one["request"] and status < 300:
            _add(told["requests"], name, value_of(one["request"]["body"]))
        shown = told["replies"].setdefault(str(status), {})
        _add(shown, name, value_of(one["reply"]["body"]))
    return {key: found[key] for key in sorted(found)}


def operation_of(request: Any, paths: Any) -> str | None:
    """Return the method and path of the operation that a request is one of."""
    path, method = request["path"].partition("?")[0], request["method"]
    # A word is nearer than a variable: /source/upload is no owner.
    for known in sorted(paths, key=lambda one: one.count("{")):
        pattern = re.sub(r"\{\w+\}", "[^/]+", known.replace("{index}", "[0-9]+"))
        if re.fullmatch(pattern, path) and method.lower() in paths[known]:
            return f"{method} {known}"
    return None


def _add(there: dict[str, Any], name: str, value: Any) -> None:
    if value != "" and len(there) < MOST and {"value": value} not in there.values():
        there[name] = {"value": value}


def value_of(body: Any) -> Any:
    """Return a body as JSON, if it is a text that holds some."""
    try:
        return json.loads(body) if isinstance(body, str) else body
    except json.JSONDecodeError:
        return body


def written() -> str:
    from config import openapi  # noqa: PLC0415 - needs Django to be set up

    paths = {
        path: ops for one in openapi.fragments() for path, ops in one.paths.items()
    }
    return json.dumps(examples(paths), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(written())
