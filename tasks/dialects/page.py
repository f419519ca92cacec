"""Pages for people: who asks for one, and what it says where it cannot go on."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# What a page says with a status: a heading, and a sentence where there is no better.
WORDS = {
    400: ("This cannot be read", "Something in the address makes no sense here."),
    403: (
        "You may not do this",
        "Go back, load the page again, and try once more.",
    ),
    404: (
        "There is nothing here",
        "No page has this address, or it is not for you to see.",
    ),
    503: ("This takes a moment", "Please try again soon."),
    500: (
        "Something went wrong on our side",
        "It has been written down, and was not your doing. Please try again soon.",
    ),
}


def wants_page(request: HttpRequest) -> bool:
    """Tell a browser's visit from a program's request."""
    return "text/html" in request.headers.get("Accept", "")


def stop(status: int, why: str = "") -> HttpResponse:
    """Return the page of a status.

    It knows nothing of the request, as that may be what is wrong.
    """
    heading, sentence = WORDS[status]
    page = render_to_string(
        "site/stop.html", {"heading": heading, "why": why or sentence}
    )
    return HttpResponse(page, status=status)
