"""What changed between two revisions, described."""

from tasks.dialects.describe import (
    AGAIN,
    ANY,
    BYTES,
    FILE,
    TEXT,
    TRUTH,
    WHOLE,
    Fragment,
    Json,
    by_name,
    many,
    maybe,
    named,
    one_of,
    operation,
    record,
    reply,
)

OWNER = ("authToken", "jwt", "datasetsKey", "")
CHANGE = record({"path": TEXT}, {"before": ANY, "after": ANY, "value": ANY})
SPEC = record(
    {
        "added": many(CHANGE),
        "removed": many(CHANGE),
        "changed": many(CHANGE),
        "counts": by_name(WHOLE),
    }
)
TABLE = record(
    {"state": one_of(["compared", "equal", "added", "removed", "unknown"])},
    {
        "error": TEXT,
        "rows": record({"before": maybe(WHOLE), "after": maybe(WHOLE)}),
        "added": WHOLE,
        "removed": WHOLE,
        "changed": WHOLE,
        "key": maybe(many(TEXT)),
        "columns": record(
            {"added": many(TEXT), "removed": many(TEXT), "reordered": TRUTH}
        ),
        "file": TEXT,
        "note": TEXT,
    },
)
CHANGES = record(
    {"before": TEXT, "after": TEXT, "spec": SPEC, "data": by_name(maybe(TABLE))}
)
NOT_FOUND = reply("There is none that this caller may see.", named("Missing"))


def _diff() -> Json:
    return operation(
        "What changed from one revision to another",
        {
            200: reply("All of it.", CHANGES),
            202: reply(
                "What is known; `null` is still compared.", CHANGES, headers=AGAIN
            ),
            404: NOT_FOUND,
        },
        security=OWNER,
    )


def _file() -> Json:
    return operation(
        "The rows of a table that changed",
        {
            200: reply("A CSV.", BYTES, kind=FILE, headers=["ETag"]),
            206: reply("The part that was asked for.", BYTES, kind=FILE),
            304: {"description": "It is as known."},
            404: NOT_FOUND,
            416: {"description": "The range is outside of the file."},
        },
        security=OWNER,
    )


FRAGMENT = Fragment(
    tag="history",
    about="What changed between two revisions.",
    page="history",
    paths={
        "/source/{owner}/{dataset}/diff/{a}/{b}": {"get": _diff()},
        "/datasets/{owner}/{dataset}/diff/{a}/{b}/{resource}.csv": {"get": _file()},
    },
)
