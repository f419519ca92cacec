"""The app's name for Django, and what is to be done when it starts or migrates."""

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate


class TasksConfig(AppConfig):
    name = "tasks"

    def ready(self) -> None:
        from tasks import checks, roles  # noqa: PLC0415 - models are there only now

        register(checks.named_functions_exist)
        post_migrate.connect(roles.give_permissions, dispatch_uid="roles")
