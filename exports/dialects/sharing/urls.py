"""Sharing's paths are lines of WAITING_DOORS; this is what else is asked for there."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from exports.dialects.sharing import views


class Anything(StringConverter):
    """Whatever a path goes on with, line breaks too."""

    regex = r"[\s\S]+"


register_converter(Anything, "anything")

urlpatterns = [path("shares/<anything:path>", views.not_served)]
