"""The words of what changed between two revisions."""

from typing import Any
from urllib.parse import quote

from registry.changes import TableChange
from registry.diff import diff
from registry.history import RevisionChange

Json = dict[str, Any]


def changes(change: RevisionChange) -> Json:
    spec = diff(change.before.spec, change.after.spec)
    return {
        "before": change.before.flow_id,
        "after": change.after.flow_id,
        "spec": {
            "added": spec.added,
            "removed": spec.removed,
            "changed": spec.changed,
            "counts": spec.counts,
        },
        "data": {one.resource: _table(change, one) for one in change.tables},
    }


def _table(change: RevisionChange, table: TableChange) -> Json | None:
    """Say what is known of a table; null is for what is still being found out."""
    if not table.is_known:
        return None
    if table.error:
        return {"state": "unknown", "error": table.error}
    rows = {
        "before": table.before.artifact.rows if table.before else None,
        "after": table.after.artifact.rows if table.after else None,
    }
    if not table.in_both:
        return {"state": "removed" if table.before else "added", "rows": rows}
    if table.is_equal:
        return {"state": "equal", "rows": rows, **_counts({})}
    found: Json = (table.comparison and table.comparison.found) or {}
    return {
        "state": "compared",
        "rows": rows,
        **_counts(found),
        "key": found["key"],
        "columns": found["columns"],
        "file": _path(change, table),
        **_note(table, found),
    }


def _counts(found: Json) -> Json:
    return {word: found.get(word, 0) for word in ("added", "removed", "changed")}


def _note(table: TableChange, found: Json) -> Json:
    if found["key"]:
        return {}
    why = "There is no primary key"
    if table.key:
        why = f"The primary key ({', '.join(table.key)}) is not in both tables"
    return {"note": f"{why}: whole rows were compared, so that none is changed."}


def _path(change: RevisionChange, table: TableChange) -> str:
    numbers = f"{change.before.number}/{change.after.number}"
    path = f"/datasets/{change.after.dataset}/diff/{numbers}/{table.resource}.csv"
    return quote(path)
