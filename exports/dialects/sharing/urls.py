"""Sharing's paths are lines of WAITING_DOORS; this is what else is asked for there."""

from django.urls import path

from exports.dialects.sharing import views

urlpatterns = [path("shares/<path:path>", views.not_served)]
