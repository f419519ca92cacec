"""The words of contract 3.2.3 and 3.2.4."""

import json
from collections.abc import Mapping
from uuid import UUID

from exports.deliveries import Stage

HANDSHAKE_REFUSED = "Missing/Invalide API key/token"  # sic
METHOD_NOT_ALLOWED = "Method Not Allowed"
WORDS = {
    Stage.PENDING: "Pending",
    Stage.PROCESSING: "Processing",
    Stage.FINISHED: "Finished",
}


def told(delivery_id: UUID, stage: Stage) -> str:
    """Return the line for a delivery whose answer is not there yet."""
    return _line(delivery_id, stage, {})


def finished(delivery_id: UUID, *, status: str, body: str) -> str:
    return _line(delivery_id, Stage.FINISHED, {"status": status, "body": body})


def no_such_request(delivery_id: UUID) -> str:
    return f"Can't find request with the id of {delivery_id}"


def not_recognized(delivery_id: UUID) -> str:
    return f"not recognized id: {delivery_id}"


def _line(delivery_id: UUID, stage: Stage, answer: Mapping[str, str]) -> str:
    line = {"id": str(delivery_id), "state": WORDS[stage], "ext_response": answer}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
