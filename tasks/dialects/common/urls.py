"""The common API's paths, and the pages that results may be."""

from django.urls import path

from tasks.dialects.common import pages, views

urlpatterns = [
    path("api/v1/task", views.Tasks.as_view()),
    path("api/v1/assets", views.Assets.as_view()),
    path("api/v1/task/start", views.Start.as_view()),
    path("api/v1/result", views.Result.as_view()),
    path("api/v1/status", views.Status.as_view()),
    path("api/v1/<path:path>", views.NotFound.as_view()),
    path("results/<uuid:task_id>/<path:path>", pages.page),
]
