"""Whether a migration may run while the release before it serves and works."""

from collections.abc import Iterator
from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

from tasks.migrating import AddIndexGently

STILL_NEEDED = "the release before still needs it: leave it for one release"
REFUSED: list[tuple[type[Operation], str]] = [
    (migrations.RemoveField, STILL_NEEDED),
    (migrations.DeleteModel, STILL_NEEDED),
    (migrations.RenameField, STILL_NEEDED),
    (migrations.RenameModel, STILL_NEEDED),
    (migrations.AlterModelTable, STILL_NEEDED),
    (migrations.AlterField, "may rewrite the table while it is locked"),
    (migrations.AddConstraint, "reads the whole table while it is locked"),
    (migrations.RunSQL, "nobody can tell what it locks"),
]


def faults_of(migration: migrations.Migration) -> list[str]:
    """Say what of a migration locks a large table, or breaks the code before it.

    Tables that it makes itself are empty, and unknown to older code.
    """
    new = {
        one.name_lower
        for one in migration.operations
        if isinstance(one, migrations.CreateModel)
    }
    return [
        f"{migration.app_label}.{migration.name}: {type(one).__name__} {fault}"
        for one in migration.operations
        for fault in _faults(one, migration)
        if getattr(one, "model_name_lower", "") not in new
    ]


def _faults(one: Operation, migration: migrations.Migration) -> Iterator[str]:
    yield from (fault for kind, fault in REFUSED if isinstance(one, kind))
    if isinstance(one, migrations.AddIndex):
        yield from _of_index(one, migration)
    elif isinstance(one, migrations.AddField):
        yield from _of_field(one.field)
    elif isinstance(one, migrations.RunPython) and migration.atomic:
        yield "holds its locks to the end: say atomic = False, and work in batches"


def _of_index(
    one: migrations.AddIndex, migration: migrations.Migration
) -> Iterator[str]:
    if not isinstance(one, AddIndexGently):
        yield "keeps writers waiting: use AddIndexGently"
        return
    if migration.atomic:
        yield "cannot be within a transaction: say atomic = False"
    if any(not isinstance(other, AddIndexGently) for other in migration.operations):
        yield "is to be alone, as what comes before it is not undone"


def _of_field(field: Any) -> Iterator[str]:
    if field.many_to_many:
        return
    if not field.null and field.db_default is NOT_PROVIDED:
        yield "has no value where older code inserts: null=True or db_default"
    if field.db_index or field.unique:
        yield "builds an index while writers wait: AddIndexGently in a later one"
