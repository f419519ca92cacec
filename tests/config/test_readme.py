"""The README names every setting, command and endpoint, and no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OURS = {"tasks", "exports", "registry"}
READERS = {"env_str", "env_bool", "env_number", "env_int", "env_list", "env_pem"}


def section(title: str) -> str:
    match = re.search(
        rf"^## {title}\n(.*?)(?=^##|\Z)", README, re.MULTILINE | re.DOTALL
    )
    assert match, title
    return match[1]


def first_cells(title: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", section(title), re.MULTILINE)


def settings_read() -> set[str]:
    """Find the literal names that config reads from the environment."""
    names = set()
    for path in (ROOT / "config").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if node.func.id in READERS and isinstance(first, ast.Constant):
                    names.add(str(first.value))
    return names


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not path.startswith("admin/"):
            yield from routes(pattern.url_patterns, path)
        else:
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def waiting() -> Iterator[str]:
    """Give the paths of the doors that wait, which are no routes of Django."""
    for _, pattern, _ in settings.WAITING_DOORS:
        yield re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    assert set(first_cells("Settings")) == settings_read()


def test_every_command_is_in_the_readme_and_no_other() -> None:
    documented = {cell.split()[1] for cell in first_cells("Commands")}

    assert documented == {name for name, app in get_commands().items() if app in OURS}


def test_every_endpoint_is_in_the_readme_and_no_other() -> None:
    documented = {cell.split()[1] for cell in first_cells("Endpoints")}

    served = {
        path.replace("{file}", "{path}") for path in routes(get_resolver().url_patterns)
    }
    assert documented - {"/healthz"} == served | set(waiting())
