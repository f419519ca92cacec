"""The export page and what it asks for; its WebSocket is a line of WAITING_DOORS."""

from django.urls import path

from exports.dialects.pages import views

urlpatterns = [
    path("export/new", views.NewExport.as_view()),
    path("export/new/preview", views.Preview.as_view()),
    path("export/new/start", views.Start.as_view()),
    path("export/new/<str:task_id>", views.OneExport.as_view()),
    path("export/new/<str:task_id>/file", views.File.as_view()),
]
