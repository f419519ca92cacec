"""The contract's macaroon, and others of its kind."""

from exports.macaroons import Facts, mint

SECRET = b"Am I a secret, or not, or whatever?"
HERE = "http://127.0.0.1:8888"
THERE = "http://127.0.0.1:8000"
VECTOR = (
    "MDAyM2xvY2F0aW9uIGh0dHA6Ly8xMjcuMC4wLjE6ODg4OAowMDE3aWRlbnRpZmllciBhcmJpdGVyCjAwMj"
    "BjaWQgdGFyZ2V0ID0gZXhwb3J0LXNlcnZpY2UKMDAxN2NpZCBwYXRoID0gL2V4cG9ydAowMDE2Y2lkIG1l"
    "dGhvZCA9IFBPU1QKMDAyY2NpZCBkZXN0aW5hdGlvbiA9IGh0dHA6Ly8xMjcuMC4wLjE6ODAwMAowMDJmc2"
    "lnbmF0dXJlIOy-UTc5J6GdzD1NkHfsmxmhSJ8Fw6O0jRzgm6PO75n7Cg"
)
NEEDED = ["target = export-service", "path = /export", "method = POST"]
FACTS = Facts(target="export-service", method="POST", path="/export")


def minted(
    *caveats: str,
    identifier: str = "arbiter",
    needed: list[str] = NEEDED,
    secret: bytes = SECRET,
) -> str:
    return mint(
        secret, location=HERE, identifier=identifier, caveats=[*needed, *caveats]
    )
