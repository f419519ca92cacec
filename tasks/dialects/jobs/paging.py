"""A place in the list of jobs, as an opaque text."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tasks.dialects.jobs.query import BadParameter
from tasks.lookup import Place

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLACE = re.compile(rb"([0-9]{1,17})\.([0-9a-f]{32})")  # microseconds, id


def write(place: Place | None) -> str | None:
    if place is None:
        return None
    micros = (place.queued_at - EPOCH) // timedelta(microseconds=1)
    text = f"{micros}.{place.id.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(name: str, text: str) -> Place:
    """Return the place that a text of ours stands for.

    Raises:
        BadParameter: it is none of ours.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        found = PLACE.fullmatch(base64.b64decode(padded, b"-_", validate=True))
        if found:
            at = EPOCH + timedelta(microseconds=int(found[1]))
            return Place(at, UUID(found[2].decode()))
    except (binascii.Error, ValueError, OverflowError):
        pass
    raise BadParameter(name, "should be the `next` of a page of this list")
