"""Old and new code run together for one release, so migrations must let them."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from tasks.migrating import AddIndexGently
from tests.support.migrating import faults_of

# The last ones of the first release: what came before never ran beside older code.
BASELINE = {"exports": 6, "registry": 6, "tasks": 7}
# Their types depend on how they are stored, which is what is tried here.
Text: Any = models.TextField
Key: Any = models.ForeignKey
INDEX = models.Index(fields=["workers"], name="gently_built")


def test_every_migration_since_the_first_release_is_gentle() -> None:
    loader = MigrationLoader(None)

    since = [
        migration
        for (app, name), migration in loader.disk_migrations.items()
        if app in BASELINE and int(name[:4]) > BASELINE[app]
    ]

    assert [fault for one in since for fault in faults_of(one)] == []


def a_migration(*operations: Operation, atomic: bool = True) -> migrations.Migration:
    migration: Any = migrations.Migration("9999_of_tomorrow", "tasks")
    migration.operations = list(operations)
    migration.atomic = atomic
    return cast("migrations.Migration", migration)


def adds(field: Any) -> Operation:
    return migrations.AddField("job", "colour", field)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (migrations.RemoveField("job", "error"), "leave it for one release"),
        (migrations.DeleteModel("job"), "leave it for one release"),
        (migrations.RenameField("job", "error", "why"), "leave it for one release"),
        (migrations.AlterField("job", "error", Text()), "rewrite"),
        (migrations.AddIndex("job", INDEX), "use AddIndexGently"),
        (AddIndexGently("job", INDEX), "say atomic = False"),
        (migrations.RunSQL("LOCK tasks_job"), "nobody can tell"),
        (migrations.RunPython(migrations.RunPython.noop), "in batches"),
        (adds(Text()), "null=True or db_default"),
        (adds(Text(default="")), "null=True or db_default"),
        (adds(Text(null=True, db_index=True)), "builds an index"),
        (
            adds(Key("tasks.Client", models.PROTECT, null=True)),
            "builds an index",
        ),
        (
            migrations.AddConstraint(
                "job",
                models.CheckConstraint(condition=models.Q(rev__gt=0), name="some"),
            ),
            "reads the whole table",
        ),
    ],
)
def test_what_locks_a_large_table_is_told(operation: Operation, fault: str) -> None:
    [told] = faults_of(a_migration(operation))

    assert told.startswith(f"tasks.9999_of_tomorrow: {type(operation).__name__} ")
    assert fault in told


@pytest.mark.parametrize(
    "operation",
    [
        adds(Text(null=True)),
        adds(Text(default="", db_default="")),
        migrations.RemoveIndex("job", "job_lane"),
        migrations.AlterModelOptions("job", {}),
    ],
)
def test_what_only_adds_is_gentle(operation: Operation) -> None:
    assert faults_of(a_migration(operation)) == []


def test_a_table_that_is_new_may_have_anything_done_to_it() -> None:
    makes = migrations.CreateModel(
        "Colour", [("id", models.AutoField(primary_key=True))]
    )
    changes = migrations.AddIndex("colour", models.Index(fields=["id"], name="x"))

    assert faults_of(a_migration(makes, changes)) == []


def test_an_index_that_is_built_gently_is_alone() -> None:
    builds = AddIndexGently("job", INDEX)

    assert faults_of(a_migration(builds, atomic=False)) == []
    [fault] = faults_of(a_migration(builds, adds(Text(null=True)), atomic=False))
    assert "is to be alone" in fault


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_beside_those_who_write_and_removed_again() -> None:
    operation, before = (
        AddIndexGently("workerhost", INDEX),
        ProjectState.from_apps(apps),
    )
    after = before.clone()
    operation.state_forwards("tasks", after)

    with CaptureQueriesContext(connection) as ran:
        _run(operation.database_forwards, before, after)
        assert "gently_built" in _indexes()
        _run(operation.database_backwards, after, before)

    assert "gently_built" not in _indexes()
    if connection.vendor == "postgresql":
        assert "CREATE INDEX CONCURRENTLY" in str(ran.captured_queries)


def _run(
    change: Callable[..., None], before: ProjectState, after: ProjectState
) -> None:
    with connection.schema_editor(atomic=False) as editor:
        change("tasks", editor, before, after)


def _indexes() -> set[str]:
    with connection.cursor() as cursor:
        table = "tasks_workerhost"
        return set(connection.introspection.get_constraints(cursor, table))
