"""The paths of what changed between two revisions."""

from django.urls import path

from registry.dialects.history import views

urlpatterns = [
    path("source/<str:owner>/<str:dataset>/diff/<str:a>/<str:b>", views.Diff.as_view()),
    path(
        "datasets/<str:owner>/<str:dataset>/diff/<str:a>/<str:b>/<str:resource>.csv",
        views.ChangesFile.as_view(),
    ),
]
