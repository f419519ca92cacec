"""Names of files that clients choose: harmless in archives, headers and folders."""

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest

from tasks.models import Phase
from tests.security.callers import callers
from tests.security.conftest import Some
from tests.security.house import House
from tests.security.matrix import SPEC, Row, filled
from tests.security.people import fresh_things
from tests.security.tally import Tally
from tests.support.collecting import a_task, announce, collected, named
from tests.support.exporting import closed_world
from tests.support.sources import Sources

NAMES = [
    *(
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/passwd",
        "C:\\a.txt",
        "\\\\host\\a",
    ),
    *(
        "..",
        ".",
        "...",
        "~",
        "~root/.ssh/id",
        "a/../../b",
        "a/./b",
        "a//b",
        "%2e%2e%2fa",
    ),
    *(
        "CON",
        "nul.txt",
        "COM1",
        "lpt9.csv",
        "aux.",
        "con .txt",
        "COM¹",
        "CLOCK$",
        "prn",
    ),
    *("a\0.csv", "a\r\nX-Injected: y", "a\nb", "a\tb", "\x7f", "\x1b[31ma", "a\u2028b"),
    *(
        "\u202egnp.exe",
        "a\u200b",
        "\ufeffa",
        "e\u0301",
        "\ud800a",
        "é",
        "数据",
        "😀.csv",
    ),
    *(
        'a"b',
        "a'b",
        "a;b",
        "a,b",
        "a%b",
        "a*b",
        "a?b",
        "a:b",
        "a|b",
        "<script>",
        "a`id`",
    ),
    *(
        "$(id)",
        "-rf",
        "--help",
        "=1+1",
        "@a",
        "a ",
        " a",
        ".htaccess",
        "a.",
        ". a",
        "",
        " ",
    ),
    *("a" * 300 + ".csv", "數" * 200, "a." * 100, ".csv", "a.csv.exe", "index.html"),
    *("manifest.json", "MANIFEST.JSON", "A.csv", "a.CSV", "a.csv", "a.csv"),
]
DEVICE = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)


def fault(name: str) -> str:
    """Say why a name is not one for every system; empty if it is."""
    hidden = [c for c in name if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl"}]
    reasons = {
        "hidden characters": bool(hidden),
        "a folder": "/" in name or "\\" in name,
        "a device": bool(DEVICE.match(name)),
        "not of Windows": any(c in name for c in '<>:"|?*'),
        "a blank or dot at an end": name != name.strip(" .") or not name,
        "too long": len(name.encode("utf-8", "replace")) > 255,
    }
    return ", ".join(reason for reason, is_so in reasons.items() if is_so)


@pytest.mark.django_db(transaction=True)
def test_names_of_assets_are_harmless_in_the_archive(
    sources: Sources, tmp_path: Path, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("file names: assets, in the ZIP")
    with closed_world(tmp_path):
        chosen = [one for one in some(NAMES, 20) if one and "\0" not in one]
        task = a_task(processor="archive")
        urls = [sources.put(f"/{n}", b"%d" % n) for n in range(len(chosen))]
        assets = [named(u, n) for u, n in zip(urls, chosen, strict=True)]
        announce(task, *assets, last=True)
        done = collected(task)
        tally.tried += len(chosen)
        assert done.phase == Phase.COMPLETED, done.message
        assert done.result
        _judge_archive(_content(done.result.digest), len(chosen), tmp_path, tally)
    assert tally.wrong == [], "\n".join(tally.wrong)


def _content(digest: str) -> bytes:
    from tasks.archive.stored import store  # noqa: PLC0415 - of this closed world

    with store().open(digest) as file:
        return file.read()


def _judge_archive(content: bytes, count: int, folder: Path, tally: Tally) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        archive.extractall(folder / "out")  # zipfile mends what is evil, and we count
    tally.accepted += [f"{name!r}: {fault(name)}" for name in names if fault(name)]
    if len({unicodedata.normalize("NFC", name).casefold() for name in names}) != len(
        names
    ):
        tally.accepted.append("two members of one name")
    if len([one for one in (folder / "out").rglob("*") if one.is_file()]) != count + 1:
        tally.accepted.append("another number of files than assets and their manifest")


@pytest.mark.live
@pytest.mark.whole
def test_names_of_exports_are_harmless_in_the_header(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("file names: exports, in Content-Disposition")
    alice = house.people["alice"]
    row = Row("POST", "", "/api/export/configure", "export", 200)
    key = callers("export", house, row.path)["own"][0][1]
    for name in some(NAMES, 20):
        wanted = {
            "file_type": "csv",
            "source_url": "http://x.example/",
            "file_name": name,
        }
        reply = house.ask("POST", row.path, json.dumps(wanted).encode(), key)
        tally.must_not_break(f"{name!r}", reply.status)
        if reply.status == 200:
            alice.things |= fresh_things(alice, file_name=name)
            _judge_header(house, key, name, tally)
    assert tally.wrong == [], "\n".join(tally.wrong)


def _judge_header(house: House, key: dict[str, str], name: str, tally: Tally) -> None:
    path = filled("/api/export/download/{export}", house.people["alice"].things)
    reply = house.ask("GET", path, None, key)
    tally.must_not_break(f"{name!r}, its download", reply.status)
    said = Message()
    said["Content-Disposition"] = reply.headers.get("Content-Disposition", "")
    told = said.get_filename() or ""
    if why := fault(told):
        tally.accepted.append(f"{name!r} is {told!r}: {why}")
    if "X-Injected" in reply.headers:
        tally.accepted.append(f"{name!r} is a header")


@pytest.mark.live
@pytest.mark.whole
def test_names_of_datasets_and_resources_stay_in_their_folder(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("file names: datasets and resources of a spec")
    owner = callers("jwt", house, "")["own"][0][1]
    for name in some(NAMES, 20):
        for place in ("dataset", "resource"):
            spec = filled(SPEC, house.people["alice"].things)
            if place == "dataset":
                spec["meta"]["dataset"] = name
            else:
                parameters = spec["inputs"][0]["parameters"]
                parameters["descriptor"]["resources"][0]["name"] = name
            body = json.dumps(spec).encode()
            got = house.outcome("POST", "/source/upload", body, owner)
            evil = bool(re.search(r"[/\\\0\r\n]|^\.+$", name)) or "\ud800" in name
            tally.judge(f"{place} {name!r}", got, refused=got != 200 or not evil)
    assert tally.wrong == [], "\n".join(tally.wrong)
