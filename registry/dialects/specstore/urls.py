"""The spec store's paths."""

from django.urls import path

from registry.dialects.specstore import lists, update, views

urlpatterns = [
    path("source/upload", views.Upload.as_view()),
    path("source/update", update.Update.as_view()),
    path("source/update/<str:token>", update.Update.as_view()),
    path("source/<str:owner>/<str:dataset>/<str:revision>", views.Info.as_view()),
    # After the words above: they are no owners.
    path("source/<str:owner>", lists.Datasets.as_view()),
    path("source/<str:owner>/<str:dataset>", lists.Revisions.as_view()),
]
