"""One log line: a fixed sentence, then the variables it was given as `extra`."""

import logging

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def is_a_fault(record: logging.LogRecord) -> bool:
    """Pass what is wrong; a 503 is how we say ourselves that it is too early."""
    return getattr(record, "status_code", None) != 503


class LineFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        extra = {k: v for k, v in vars(record).items() if k not in STANDARD}
        words = " ".join(f"{key}={value}" for key, value in sorted(extra.items()))
        line = super().formatMessage(record)
        return f"{line} {words}" if words else line
