"""`archive`: one ZIP of all assets."""

import hashlib
import io
import json
import random
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tasks.processors import Product, find
from tests.support.images import picture
from tests.support.processing import Processing

NOISE = random.Random(1).randbytes(50_000)


def unpacked(processing: Processing, product: Product) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(processing.read(product)))
    assert archive.testzip() is None
    return archive


def manifest_of(archive: zipfile.ZipFile) -> Any:
    return json.loads(archive.read("manifest.json"))


def test_all_assets_come_in_one_zip_with_a_manifest(processing: Processing) -> None:
    image = picture()
    processing.add("a.jpg", image, {"longitude": 12.5, "tags": ["x", None]})
    processing.add("notes.txt", b"seen\n" * 100)
    processing.add_failed("gone.jpg", "http_404", "The server said 404.")

    product = processing.make(find("archive"))

    assert product.name == f"{processing.task.pk}.zip"
    assert product.media_type == "application/zip"
    archive = unpacked(processing, product)
    assert archive.namelist() == ["manifest.json", "a.jpg", "notes.txt"]
    assert archive.read("a.jpg") == image
    assert archive.read("notes.txt") == b"seen\n" * 100
    assert manifest_of(archive) == {
        "task": str(processing.task.pk),
        "assets": [
            {
                "name": "a.jpg",
                "file_name": "a.jpg",
                "source": "https://images.example/given/0",
                "attributes": {"longitude": 12.5, "tags": ["x", None]},
                "size": len(image),
                "sha256": hashlib.sha256(image).hexdigest(),
                "media_type": "image/jpeg",
            },
            {
                "name": "notes.txt",
                "file_name": "notes.txt",
                "source": "https://images.example/given/1",
                "attributes": {},
                "size": 500,
                "sha256": hashlib.sha256(b"seen\n" * 100).hexdigest(),
                "media_type": "text/plain",
            },
        ],
        "failed": [
            {
                "file_name": "gone.jpg",
                "source": "https://images.example/given/2",
                "attributes": {},
                "attempts": 3,
                "error": {"code": "http_404", "message": "The server said 404."},
            }
        ],
    }


def test_what_is_compressed_by_its_content_is_stored_as_it_is(
    processing: Processing,
) -> None:
    processing.add("photo.bin", NOISE, media_type="image/jpeg")
    processing.add("page.jpg", b"<p>" * 9000, media_type="text/html")

    archive = unpacked(processing, processing.make(find("archive")))

    assert archive.getinfo("photo.bin").compress_type == zipfile.ZIP_STORED
    assert archive.getinfo("page.jpg").compress_type == zipfile.ZIP_DEFLATED
    assert archive.getinfo("page.jpg").compress_size < 1000


def test_a_very_large_image_is_deflated_so_that_it_is_read_but_once(
    processing: Processing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.processors.archive.MOST_STORED_BYTES", 40_000)
    processing.add("huge.jpg", NOISE)

    archive = unpacked(processing, processing.make(find("archive")))

    assert archive.getinfo("huge.jpg").compress_type == zipfile.ZIP_DEFLATED
    assert archive.read("huge.jpg") == NOISE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.jpg", "x.jpg"),
        ("<script>alert(1)</script>.jpg", "script_.jpg"),
        ("a\"b'c.jpg", "a_b'c.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("manifest.json", "manifest-2.json"),
        ("MANIFEST.JSON", "MANIFEST-2.JSON"),
        ("\x01", "asset-0"),
        ("..", "asset-0"),
    ],
    ids=range(9),
)
def test_a_hostile_name_stays_inside_the_folder(
    processing: Processing, name: str, expected: str
) -> None:
    processing.add(name, b"content")

    archive = unpacked(processing, processing.make(find("archive")))

    assert archive.namelist() == ["manifest.json", expected]


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_fault(processing: Processing, tmp_path: Path) -> None:
    processing.add("a.jpg", NOISE)
    processing.add("数.txt", b"a" * 300_000)
    target = tmp_path / "all.zip"
    target.write_bytes(processing.read(processing.make(find("archive"))))

    done = subprocess.run(["unzip", "-t", target], capture_output=True, check=False)

    assert done.returncode == 0
    assert b"No errors detected" in done.stdout


def test_a_task_without_any_asset_left_gives_a_manifest_alone(
    processing: Processing,
) -> None:
    processing.add_failed("a.jpg", "timeout", "The server hangs.")

    archive = unpacked(processing, processing.make(find("archive")))

    assert archive.namelist() == ["manifest.json"]
    assert manifest_of(archive)["assets"] == []


def test_an_empty_asset_is_a_file_too(processing: Processing) -> None:
    processing.add("empty.jpg", b"")

    archive = unpacked(processing, processing.make(find("archive")))

    assert archive.read("empty.jpg") == b""


def test_the_same_assets_give_the_same_bytes(processing: Processing) -> None:
    processing.add("a.jpg", NOISE)
    processing.add("b.txt", b"b" * 700_000)

    first = processing.make(find("archive"))
    second = processing.make(find("archive"))

    assert first.stored == second.stored


def test_progress_is_told_in_bytes(processing: Processing) -> None:
    processing.add("a.bin", NOISE * 40)

    processing.make(find("archive"))

    told = [step for step in processing.steps if step.total]
    done = [step.done or 0 for step in told]
    assert len(told) > 5
    assert done == sorted(done)
    assert done[-1] == told[-1].total


def test_of_2000_assets_none_is_missing(processing: Processing) -> None:
    processing.add_many([(f"{n}.txt", b"%d" % (n % 50), {"n": n}) for n in range(2000)])

    archive = unpacked(processing, processing.make(find("archive")))

    assert len(archive.namelist()) == 2001
    assert archive.read("1999.txt") == b"49"
    assert [one["attributes"]["n"] for one in manifest_of(archive)["assets"]] == list(
        range(2000)
    )
