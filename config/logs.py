"""One log line: a fixed sentence, then the variables it was given as `extra`."""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tasks import context

# What is no variable; a `request` would quote its query string.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    *("message", "asctime", "taskName", "request", "color_message")
}


class Faults(logging.Filter):
    """What Django says of its replies: only what is our fault, and no path."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if match := getattr(request, "resolver_match", None):
            # A path may hold a secret; the route that it took does not.
            record.args = (f"/{match.route}",)
        # A 503 is how we say ourselves that it is too early.
        return getattr(record, "status_code", None) != 503


def variables(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what is being done, and what the line was given beyond that."""
    given = {k: v for k, v in vars(record).items() if k not in STANDARD}
    return {**context.known(), **given}


class LineFormatter(logging.Formatter):
    """For people: the time of day, the sentence, and `name=value`."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        words = " ".join(_words(variables(record)))
        line = super().formatMessage(record)
        return f"{line} {words}" if words else line


class JsonFormatter(logging.Formatter):
    """For machines: one object a line, whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **variables(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, skipkeys=True)


def _words(named: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sorted(named.items()):
        text = str(value)
        yield f"{name}={text if text.isprintable() else repr(text)}"
