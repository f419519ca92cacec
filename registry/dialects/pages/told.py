"""What the templates are given."""

from typing import Any

from registry import shown
from registry.dialects.paging import Asked, cursor
from registry.diff import diff
from registry.history import RevisionChange
from registry.listing import DatasetEntry, Page, RevisionEntry
from registry.markdown import to_html
from registry.models import Output
from registry.plan import PipelineKind
from registry.shown import Shown, ShownTable

MOST_REVISIONS = 50
Context = dict[str, Any]

WHAT = {
    PipelineKind.COPY: "The source, as it came",
    PipelineKind.CSV: "Table as CSV",
    PipelineKind.JSON: "Table as JSON",
    PipelineKind.PREVIEW: "First rows, for this page",
    PipelineKind.VALIDATE: "What was checked, and found",
    PipelineKind.ZIP: "All files in one",
    PipelineKind.PACKAGE: "Description (Data Package)",
}


def listed(found: Page[DatasetEntry], asked: Asked, *, kind: str) -> Context:
    return {
        "section": "datasets",
        "datasets": found.rows,
        "words": asked.words,
        "is_later": asked.after is not None,
        "next": cursor(kind, found.last),
    }


def dataset(found: Shown, others: Page[RevisionEntry], *, table: str) -> Context:
    one = _table(found, table)
    return {
        "section": "datasets",
        "dataset": found.revision.dataset,
        "revision": found.revision,
        "shown": found,
        "readme": to_html(found.readme),
        "licenses": found.credits("licenses"),
        "sources": found.credits("sources"),
        "faults": shown.faults_of(found.revision),
        "table": one,
        "columns": [_column(field) for field in one.fields] if one else [],
        "first": shown.first_rows(one) if one else None,
        "files": [_file(output) for output in found.files],
        "revisions": others.rows,
        "there_are_more": others.last is not None,
    }


def _table(found: Shown, name: str) -> ShownTable | None:
    named = [one for one in found.tables if one.resource.name == name]
    return next(iter(named or found.tables), None)


def _column(field: Context) -> Context:
    """Tell a field of a Table Schema in words; it may hold any JSON."""
    rules = field.get("constraints")
    words = [str(field[word]) for word in ("title", "description") if field.get(word)]
    return {
        "name": str(field.get("name", "")),
        "type": str(field.get("type") or "any"),
        "meaning": ". ".join(words),
        "rules": ", ".join(
            rule if value is True else f"{rule} {value}"
            for rule, value in sorted(rules.items() if isinstance(rules, dict) else ())
        ),
    }


def _file(output: Output) -> Context:
    what = WHAT[PipelineKind(output.pipeline.kind)]
    return {"path": output.path, "artifact": output.artifact, "what": what}


def changes(change: RevisionChange) -> Context:
    return {
        "section": "datasets",
        "dataset": change.after.dataset,
        "before": change.before,
        "after": change.after,
        "spec": diff(change.before.spec, change.after.spec),
        "tables": change.tables,
        "waits": change.retry_after_s is not None,
    }
