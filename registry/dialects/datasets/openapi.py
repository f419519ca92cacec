"""The files of revisions, described."""

from tasks.dialects.describe import (
    BYTES,
    FILE,
    Fragment,
    named,
    operation,
    parameter,
    reply,
)

FRAGMENT = Fragment(
    tag="files",
    about="The files of revisions, by findability.",
    page="specstore",
    paths={
        "/datasets/{owner}/{dataset}/{revision}/{file}": {
            "get": operation(
                "A file of a revision",
                {
                    200: reply("It.", BYTES, kind=FILE, headers=["ETag"]),
                    206: reply("The part that was asked for.", BYTES, kind=FILE),
                    304: {"description": "It is as known."},
                    404: reply("There is none for this caller.", named("Missing")),
                    416: {"description": "The range is outside of the file."},
                    503: reply(
                        "The store does not answer; ask again.",
                        named("Missing"),
                        headers=["Retry-After"],
                    ),
                },
                parameters=[parameter("Range", "One range of bytes.", place="header")],
                security=("authToken", "jwt", "datasetsKey", ""),
            )
        }
    },
)
