"""The README names every setting, command and endpoint, and no others."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config import routes
from config.docs import anchor

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = sorted((ROOT / "docs").glob("*.md"))
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


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    assert set(first_cells("Settings")) == settings_read()


def test_every_command_is_in_the_readme_and_no_other() -> None:
    documented = {cell.split()[1] for cell in first_cells("Commands")}

    assert documented == {name for name, app in get_commands().items() if app in OURS}


def test_every_endpoint_is_in_the_readme_and_no_other() -> None:
    documented = {cell.split()[1] for cell in first_cells("Endpoints")}

    served = {one.path.replace("{file}", "{path}") for one in routes.django_routes()}
    waiting = {path for _, path in routes.waiting_routes()}
    assert documented - {"/healthz", "/admin/"} == served | waiting


def test_every_page_of_docs_is_named_in_the_readme_and_no_other() -> None:
    text = section("Where to read on")

    named = set(re.findall(r"\]\(docs/([a-z-]+\.[a-z]+)[#)]", text))

    files = [path for path in (ROOT / "docs").iterdir() if path.is_file()]
    assert named == {path.name for path in files}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *DOCS], ids=lambda page: page.stem
)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^):]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        there, _, place = link.partition("#")
        target = (page.parent / there).resolve() if there else page
        assert target.exists(), link
        if place:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert place in {anchor(one) for one in headings}, link
