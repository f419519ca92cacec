"""`manage.py export`: a table from an address or a file, without a server."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import polars as pl
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.support.polling import until
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Connection, Request, ok

ROOT = Path(__file__).resolve().parents[3]
CSV = "id,name,price\n1,café,1.50\n2,b,\n007,=1+1,3\n"
Done = subprocess.CompletedProcess[bytes]


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    return str(tmp_path / "a.csv")


def command(folder: Path, *words: str) -> dict[str, Any]:
    """Describe the call, with a database that is not there."""
    env = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing",
        "DEBUG": "on",
        "KEY_LINES": "X-Key: s3cret",
    }
    return {
        "args": [sys.executable, str(ROOT / "manage.py"), "export", *words],
        "env": env,
        "cwd": folder,
    }


def run(folder: Path, *words: str) -> Done:
    return subprocess.run(
        **command(folder, *words), capture_output=True, timeout=60, check=False
    )


def to_stdout(folder: Path, *words: str) -> str:
    done = run(folder, *words, "--to", "-")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def refused(folder: Path, *words: str) -> str:
    """Run a command in this process that must fail; return its sentence."""
    before = sorted(folder.iterdir())
    with pytest.raises(CommandError) as error:
        call_command("export", *words)
    assert sorted(folder.iterdir()) == before
    assert error.value.returncode == 1
    return str(error.value)


def test_a_local_file_to_stdout_as_it_is(tmp_path: Path, source: str) -> None:
    assert to_stdout(tmp_path, source) == CSV


def test_a_file_says_its_name_alone_on_stdout(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, source, "--to", "out.parquet")

    assert done.returncode == 0
    assert done.stdout == b"out.parquet\n"
    assert b"3 rows" in done.stderr
    assert pl.read_parquet(tmp_path / "out.parquet")["name"].to_list()[0] == "café"


def test_the_format_is_that_of_the_ending(tmp_path: Path, source: str) -> None:
    for name in ("out.xlsx", "out.zip", "out.json", "out.ndjson"):
        assert run(tmp_path, source, "--to", name).returncode == 0

    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active is not None
    assert zipfile.ZipFile(tmp_path / "out.zip").namelist() == ["data.csv"]
    assert json.loads((tmp_path / "out.json").read_bytes())[2]["id"] == "007"
    lines = (tmp_path / "out.ndjson").read_bytes().splitlines()
    assert json.loads(lines[0])["price"] == "1.50"


def test_all_steps_of_a_transform(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("k,n\na,1\nb,5\na,2\nc,x\nz,9\n", encoding="ascii")

    written = to_stdout(
        tmp_path,
        str(path),
        *("--types", "n=integer", "--filter", 'k!="z"', "--group-by", "k"),
        *("--aggregate", "sum:n:total", "--aggregate", "count"),
        *("--select", "k,total", "--rename", "k=key", "--sort", "-total"),
        *("--limit", "2"),
    )

    assert written == "key,total\nb,5\na,3\n"


def test_an_address_is_asked_with_headers_from_file_and_variable(
    tmp_path: Path, sources: Sources
) -> None:
    (tmp_path / "h.txt").write_text("Authorization: Bearer s3cret\nX-A: 1\n")

    written = to_stdout(
        tmp_path,
        f"{sources.put('/a.csv', CSV.encode())}?q=1",
        *("--header", "@h.txt", "--header", "env:KEY_LINES", "--header", "X-B: 2"),
    )

    assert written == CSV
    [request] = sources.seen["/a.csv"]
    sent = {n: request.headers[n] for n in ("authorization", "x-a", "x-key", "x-b")}
    assert list(sent.values()) == ["Bearer s3cret", "1", "s3cret", "2"]


def paged(peer: Connection, request: Request) -> None:
    asked = parse_qs(urlsplit(request.path).query)
    start, size = int(asked["start"][0]), int(asked["limit"][0])
    part = [{"id": n, "x": n / 2} for n in range(start, min(start + size, 25))]
    peer.send(ok(json.dumps({"data": part}).encode()))


def test_pages_are_fetched_without_a_database(tmp_path: Path, sources: Sources) -> None:
    written = to_stdout(
        tmp_path,
        sources.act("/rows", paged),
        *("--paging", "offset", "--offset-param", "start", "--page-size", "10"),
        *("--items-path", "data", "--rate-limit", "50", "--select", "id"),
    )

    assert written == "".join(f"{cell}\n" for cell in ["id", *range(25)])


def test_stdout_in_another_format(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, source, "--to", "-", "--format", "xlsx")

    assert openpyxl.load_workbook(io.BytesIO(done.stdout)).active is not None


def test_what_was_changed_is_told(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, source, "--to", "-", "--types", "name=integer")

    assert b"3 cells are not of their column's type" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope.csv", "--to", "x.csv"], "nope.csv: No such file or directory."),
        (["a.csv", "--to", "x.doc"], "'x.doc' names no format"),
        (["a.csv", "--to", "no/x.csv"], "No such file or directory."),
        (["a.csv", "--to", "x.csv", "--filter", "=="], "filter: "),
        (["a.csv", "--to", "x.csv", "--select", "y"], "There is no column 'y'"),
        (["a.csv", "--to", "x.csv", "--types", "id"], "'id' is not NAME=VALUE"),
        (["a.csv", "--to", "x.csv", "--types", "id=int"], "types.id: "),
        (["a.csv", "--to", "x.csv", "--aggregate", "sum"], "aggregates.0.column: "),
        (["a.csv", "--to", "x.csv", "--inner", "json"], "inner_type: "),
        (["a.csv", "--to", "x.csv", "--limit", "0"], "limit: "),
        (["http://10.0.0.1/", "--to", "x.csv"], "10.0.0.1"),
        (["a.csv", "--to", "x.csv", "--header", "oops"], "not 'NAME: VALUE'"),
        (["a.csv", "--to", "x.csv", "--header", "env:NO"], "no variable 'NO'"),
        (["a.csv", "--to", "x.csv", "--header", "@no"], "No such file"),
        (["a.csv", "--to", "x.csv", "--from-format", "doc"], "source_format: "),
        (["a.csv", "--to", "x.csv", "--rename", "id=name"], "both be called 'name'"),
    ],
    ids=lambda value: " ".join(value[2:]) if isinstance(value, list) else "",
)
def test_a_mistake_is_told_in_one_sentence(
    tmp_path: Path,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert said in refused(tmp_path, *words)


def test_a_mistake_is_one_line_and_an_exit_code(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, source, "--to", "x.csv", "--select", "y")

    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode() == (
        f"CommandError: {source}: There is no column 'y'. "
        "Known are: 'id', 'name', 'price'.\n"
    )


def test_a_failed_export_leaves_the_file_that_was_there(
    tmp_path: Path,
    sources: Sources,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.OUTBOUND = sources.policy()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out.csv").write_text("before")
    url = sources.put("/a.csv", b"n,m\n" + b"1,2\n" * 900_000 + b"1\n")

    assert "Row 900002" in refused(tmp_path, url, "--to", "out.csv").replace(",", "")
    assert (tmp_path / "out.csv").read_text() == "before"


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_leaves_nothing(
    tmp_path: Path, sources: Sources, number: signal.Signals
) -> None:
    def for_ever(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nn,m\n")
        while not peer.stopping.is_set():
            peer.send(b"1,some text\n" * 50_000)

    url = sources.act("/a.csv", for_ever)
    called = command(tmp_path, url, "--to", "out.csv")
    with subprocess.Popen(**called, stderr=subprocess.PIPE) as child:
        until(lambda: list(tmp_path.glob(".out.csv.*")), within_s=20, what="a draft")
        child.send_signal(number)
        try:
            _, told = child.communicate(timeout=20)
        finally:
            child.kill()  # or `with` would wait for it as long as it likes

    assert child.returncode == 130
    assert told.decode().splitlines()[-1].endswith("Stopped; nothing was written.")
    assert list(tmp_path.glob("*out.csv*")) == []


def test_a_reader_that_leaves_is_told_without_a_trace(
    tmp_path: Path, sources: Sources
) -> None:
    url = sources.put("/a.csv", b"n,m\n" + b"1,some text\n" * 900_000)
    called = command(tmp_path, url, "--to", "-")
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(**called, **pipes) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        told = child.stderr.read().decode()
        child.wait(20)

    assert child.returncode == 1
    assert told.splitlines() == ["CommandError: The reader of the output has left."]
