"""The pages about data sets: two or three segments, where a file has four or more."""

from django.urls import path

from registry.dialects.pages import views

urlpatterns = [
    path("", views.Home.as_view()),
    path("datasets/<str:owner>", views.Owner.as_view()),
    path("datasets/<str:owner>/<str:dataset>", views.OneDataset.as_view()),
    path("datasets/<str:owner>/<str:dataset>/diff", views.Changes.as_view()),
    path(
        "datasets/<str:owner>/<str:dataset>/<str:revision>", views.OneDataset.as_view()
    ),
]
