"""The app's name for Django."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tasks"
