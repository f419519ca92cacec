"""The spec store's paths."""

from django.urls import path

from registry.dialects.specstore import views

urlpatterns = [
    path("source/upload", views.Upload.as_view()),
    path("source/<str:owner>/<str:dataset>/<str:revision>", views.Info.as_view()),
]
