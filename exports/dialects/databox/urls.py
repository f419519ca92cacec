"""Databox' paths for all but POST and WebSocket, which are lines of WAITING_DOORS."""

from django.urls import path

from exports.dialects.databox import views

urlpatterns = [
    path("export", views.NotAPost.as_view()),
    path("lp/export", views.NotAPost.as_view()),
]
