"""The paths of a revision's files."""

from django.urls import path

from registry.dialects.datasets import views

urlpatterns = [
    path(
        "datasets/<str:owner>/<str:dataset>/<str:revision>/<path:file>",
        views.File.as_view(),
    ),
]
