"""Where staff sign in; the names are those that mozilla-django-oidc looks for."""

from django.urls import path

from tasks.oidc import views

urlpatterns = [
    path("oidc/start", views.start, name="oidc_authentication_init"),
    path("oidc/callback", views.callback, name="oidc_authentication_callback"),
]
