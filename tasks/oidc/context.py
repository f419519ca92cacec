"""What the admin's sign-in page must know."""

from django.http import HttpRequest

from tasks.oidc import staff


def sign_in(request: HttpRequest) -> dict[str, bool]:
    return {"signs_in_at_provider": staff.is_on()}
