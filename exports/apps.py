"""The app's name for Django."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"
