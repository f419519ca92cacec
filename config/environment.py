"""The environment, read: one typed function per kind of value."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, *, default: bool = False) -> bool:
    value = env_str(name, str(default)).lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be on or off, not {value!r}.")
    return value in TRUE


def env_number(name: str, default: float) -> float:
    value = env_str(name, str(default))
    try:
        number = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from None
    if number < 0:
        raise ImproperlyConfigured(f"{name} must not be negative.")
    return number


def env_int(name: str, default: int) -> int:
    return int(env_number(name, default))


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_pem(name: str) -> str:
    """Read a PEM key given in full or as the path of a file that holds it."""
    value = env_str(name)
    if not value or value.startswith("-----BEGIN"):
        return value.replace("\\n", "\n")
    try:
        return Path(value).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = type(error).__name__
        raise ImproperlyConfigured(f"{name} names no readable file: {reason}") from None


def secret_key(folder: Path, *, may_make: bool) -> str:
    """Take SECRET_KEY from the environment, or keep one of our own in `folder`."""
    if key := env_str("SECRET_KEY"):
        return key
    path = folder / "secret_key"
    if not path.exists():
        if not may_make:
            raise ImproperlyConfigured(
                "SECRET_KEY is not set: with ALLOWED_HOSTS set it must be given."
            )
        _write_once(path, secrets.token_urlsafe(50))
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, text: str) -> None:
    # Two processes may start together: whoever links first has made the key.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="ascii")
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
