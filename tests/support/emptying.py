"""Emptying the test database after a test: only of what was put into it."""

from functools import cache

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from django.test import TransactionTestCase

# What `migrate` itself puts in, and would again after Django's own flush.
KEPT = (ContentType, Permission, Group, Group.permissions.through)
flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined] # no stub


def empty(case: TransactionTestCase) -> None:
    """Delete all rows but those kept, in the place of `_fixture_teardown`.

    Django's flush goes through every table and makes all permissions anew, which
    takes longer than most tests here do.
    """
    if _kept() != kept_at_first():
        flush(case)
        return
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(_which_hold_rows())
        # Foreign keys are looked at when all is done.
        for (table,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{table}"')


def _kept() -> list[int]:
    return [model._base_manager.count() for model in KEPT]


# Ask once before the first test.
kept_at_first = cache(_kept)


@cache
def _which_hold_rows() -> str:
    kept = {model._meta.db_table for model in KEPT}
    known = connections["default"].introspection.django_table_names(
        only_existing=True, include_views=False
    )
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")"
        for name in sorted(set(known) - kept)
    )
