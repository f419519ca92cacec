"""Not built yet."""

urlpatterns = []
