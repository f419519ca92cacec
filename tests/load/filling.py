"""Rows by the million: copies of one row, made inside the database."""

from typing import Any

from django.db import connection, models

from registry.models import Dataset, Revision
from tasks.models import Job

SERIES = {
    "postgresql": "SELECT generate_series({first}, {last}) AS n",
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s"
    " WHERE n < {last}) SELECT n FROM s",
}
UUID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
EARLIER = {
    "postgresql": "t.{0} - n * interval '1 second'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', t.{0}, '-' || n || ' seconds')",
}


def copy_rows(model: type[models.Model], pk: Any, *, up_to: int) -> None:
    """Add copies of a row until there are so many rows, each with keys of its own."""
    have = model._default_manager.count()
    if have >= up_to:
        return
    fields = [one for one in model._meta.concrete_fields if _is_kept(one)]
    columns = [str(one.column) for one in fields]
    changes = _changes(model)
    values = [changes.get(column, f"t.{column}") for column in columns]
    key = model._meta.pk
    series = SERIES[connection.vendor].format(first=have, last=up_to - 1)
    source = f"{model._meta.db_table} t"
    if model is Revision:
        # One for each dataset that has none.
        source += (
            " JOIN registry_dataset d ON NOT EXISTS"
            " (SELECT 1 FROM registry_revision r WHERE r.dataset_id = d.id)"
        )
        series = "SELECT 0 AS n"
    names = ", ".join(connection.ops.quote_name(one) for one in columns)
    statement = (
        f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(values)}"
        f" FROM {source}, ({series}) AS series WHERE t.{key.column} = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [key.get_db_prep_value(pk, connection)])


def _is_kept(field: Any) -> bool:
    return not isinstance(field, models.AutoField)


def _changes(model: type[models.Model]) -> dict[str, str]:
    """Say in SQL what is another in each copy."""
    earlier = EARLIER[connection.vendor]
    if model is Job:
        return {
            "id": UUID[connection.vendor],
            "queued_at": earlier.format("queued_at"),
            "finished_at": earlier.format("finished_at"),
        }
    if model is Dataset:
        return {"owner": "'owner-' || (n - 1000 * (n / 1000))", "name": "'set-' || n"}
    return {"dataset_id": "d.id"}
