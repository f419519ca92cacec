"""The app's name for Django."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
