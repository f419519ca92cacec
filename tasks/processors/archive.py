"""`archive`: one ZIP of all assets, with a manifest."""

import json
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from tasks.archive.zip import Member, write_zip
from tasks.engine.run import Step
from tasks.models import Asset, ResultType
from tasks.processors.base import ProcessorJob, Product
from tasks.processors.names import names_of, source_of

MANIFEST = "manifest.json"

# Media types that deflate cannot make smaller.
COMPRESSED = {
    *{"application/gzip", "application/pdf", "application/vnd.rar"},
    *{"application/x-7z-compressed", "application/x-bzip2", "application/x-xz"},
    *{"application/zip", "application/zstd"},
    *{"image/avif", "image/gif", "image/heic", "image/jpeg", "image/jxl"},
    *{"image/png", "image/webp"},
}
COMPRESSED_KINDS = ("audio/", "video/", "application/vnd.openxmlformats-officedocument")
# What is stored as it is must be read twice, the first time within one step.
MOST_STORED_BYTES = 64 << 20


class Archive:
    name = "archive"
    result_type = ResultType.STREAM

    def run(self, job: ProcessorJob) -> Generator[Step, None, Product]:
        names = names_of(job.assets, taken=[MANIFEST])
        manifest = job.folder / MANIFEST
        yield from _write_manifest(job, names, manifest)
        members = [_of_file(manifest), *_of_assets(job, names)]
        total = sum(member.size for member in members)
        with job.writer() as out:
            for written in write_zip(out, members):
                yield job.run.step(done=min(written, total), total=total)
            stored = out.commit()
        job.run.note(f"Packed {len(names)} assets into {stored.size} bytes.")
        return Product(
            stored=stored, name=f"{job.task.pk}.zip", media_type="application/zip"
        )


def _of_assets(job: ProcessorJob, names: list[str]) -> Iterator[Member]:
    for asset, name in zip(job.assets, names, strict=True):
        size = asset.size_bytes or 0
        yield Member(
            name=name,
            open=partial(job.open, asset),
            size=size,
            compressed=_compressed(asset.media_type) and size <= MOST_STORED_BYTES,
        )


def _of_file(path: Path) -> Member:
    def opened() -> BinaryIO:
        return path.open("rb")

    return Member(name=path.name, open=opened, size=path.stat().st_size)


def _compressed(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind in COMPRESSED or kind.startswith(COMPRESSED_KINDS)


def _write_manifest(
    job: ProcessorJob, names: list[str], path: Path
) -> Generator[Step, None, None]:
    """Write it line by line: many assets with long attributes need no memory."""
    with path.open("w", encoding="ascii") as out:
        out.write(f'{{"task": {_json(str(job.task.pk))},\n "assets": [')
        for count, asset in enumerate(job.assets):
            out.write(f"{',' * bool(count)}\n  {_json(_packed(asset, names[count]))}")
            yield job.run.step()
        out.write('\n ],\n "failed": [')
        for count, asset in enumerate(job.failed):
            out.write(f"{',' * bool(count)}\n  {_json(_failed(asset))}")
            yield job.run.step()
        out.write("\n ]}\n")


def _packed(asset: Asset, name: str) -> dict[str, Any]:
    return {
        "name": name,
        **_announced(asset),
        "size": asset.size_bytes,
        "sha256": asset.digest,
        "media_type": asset.media_type,
    }


def _failed(asset: Asset) -> dict[str, Any]:
    error = {"code": asset.error_code, "message": asset.error}
    return {**_announced(asset), "attempts": asset.attempts, "error": error}


def _announced(asset: Asset) -> dict[str, Any]:
    return {
        "file_name": asset.file_name,
        "source": source_of(asset.url),
        "attributes": asset.attributes,
    }


def _json(value: Any) -> str:
    # Everything beyond ASCII escaped: lone surrogates cannot be in UTF-8.
    return json.dumps(value)
