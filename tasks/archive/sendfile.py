"""The setting SENDFILE: a proxy sends stored files, and frees the thread that would."""

from dataclasses import dataclass
from pathlib import Path

ACCEL = "x-accel:"


@dataclass(frozen=True)
class Sendfile:
    """The header that names a file, and what it is named below, if not its folder."""

    header: str
    location: str = ""  # nginx's internal one, with a slash at both ends

    def headers(self, path: Path) -> dict[str, str]:
        if not self.location:
            return {self.header: str(path)}
        return {self.header: self.location + "/".join(path.parts[-3:])}


def parse_sendfile(text: str) -> Sendfile | None:
    """Read `x-accel:/protected/` (nginx) or `x-sendfile` (Apache, lighttpd).

    Raises ValueError with a sentence.
    """
    if not text:
        return None
    if text.lower() == "x-sendfile":
        return Sendfile("X-Sendfile")
    if not text.lower().startswith(f"{ACCEL}/"):
        raise ValueError("SENDFILE must be x-accel:/some/location/ or x-sendfile.")
    location = text[len(ACCEL) :].rstrip("/")
    return Sendfile("X-Accel-Redirect", f"{location}/")
