"""The jobs API's paths; those that may wait are also lines of WAITING_DOORS."""

from django.urls import path

from tasks.dialects.jobs import views

urlpatterns = [
    path("jobs", views.Jobs.as_view()),
    path("jobs/<str:job_id>", views.OneJob.as_view()),
    path("jobs/<str:job_id>/events", views.Events.as_view()),
    path("jobs/<str:job_id>/retry", views.Retry.as_view()),
]
