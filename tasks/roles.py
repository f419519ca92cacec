"""What staff may do, by role: groups that each `migrate` makes and keeps as they are.

Permissions are rows that Django adds after all migrations, and new models add more; so
the groups are filled at that point, not by a migration of their own. Who is to have
other permissions gets them in another group, or alone.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission, User
from django.db import DEFAULT_DB_ALIAS

# What staff administers: our floors, and who the staff is.
FLOORS = frozenset({"tasks", "exports", "registry"})
STAFF = frozenset({"auth"})
# What lets an operator cancel, retry, run now, send again and revoke. Of these rows
# nothing else can be changed: their pages are for reading.
OPERATES = frozenset(
    {
        "tasks.change_job",
        "tasks.change_apikey",
        "registry.change_dataset",
        "registry.change_eventdelivery",
    }
)


class Role(StrEnum):
    VIEWER = "viewer"  # sees everything but secrets, changes nothing
    OPERATOR = "operator"  # and stops, starts, repeats and revokes
    ADMINISTRATOR = "administrator"  # and whatever the admin lets anybody do


def give_permissions(app_config: AppConfig, using: str, **_signal: Any) -> None:
    """Let each role do what it may of an app that was migrated; twice is once."""
    if app_config.label not in FLOORS | STAFF:
        return
    groups = {role: _group(role, using) for role in Role}
    of_app = Permission.objects.using(using).filter(
        content_type__app_label=app_config.label
    )
    link = Group.permissions.through
    link.objects.using(using).bulk_create(
        (
            link(group_id=groups[role].pk, permission_id=permission.pk)
            for permission in of_app.select_related("content_type")
            for role in roles_for(permission)
        ),
        ignore_conflicts=True,
    )


def give(user: User, role: Role) -> None:
    """Give a user this role and no other; groups that are no roles stay."""
    user.groups.remove(*Group.objects.filter(name__in=set(Role) - {role}))
    user.groups.add(_group(role, DEFAULT_DB_ALIAS))


def roles_for(permission: Permission) -> Iterator[Role]:
    app, codename = permission.content_type.app_label, permission.codename
    yield Role.ADMINISTRATOR
    if app in STAFF:
        return
    looks = codename.startswith("view_")
    if looks or f"{app}.{codename}" in OPERATES:
        yield Role.OPERATOR
    if looks:
        yield Role.VIEWER


def _group(role: Role, using: str) -> Group:
    return Group.objects.using(using).get_or_create(name=role)[0]
