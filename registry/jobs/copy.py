"""Copying source data: one fetch, kept as it came."""

import hashlib
from collections.abc import Generator
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from registry.jobs.work import (
    Made,
    Steps,
    Work,
    is_whole,
    made_of,
    shown_url,
    source_file,
)
from registry.models import Output
from registry.plan import PipelineKind
from registry.spec import Resource
from tasks import outbound
from tasks.archive.names import safe_name, unique_names
from tasks.archive.store import Stored
from tasks.engine.run import Step
from tasks.errors import WorkFailed
from tasks.models import Artifact

VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
PIECE_BYTES = 1 << 20


def make_copy(work: Work) -> Steps:
    """Fetch a resource, unless it is here already or its server says it is the same."""
    resource = work.resource
    path = f"archive/{_archive_names(work)[resource.name]}"
    shared = work.pipeline.needs
    if shared:
        artifact = work.output_of(shared[0]).artifact
        work.say(f"taken from the copy of {shared[0]}")
        return work.publish(made_of(path, artifact))
    if resource.url is None:
        made = _store_inline(work, path, resource)
        return work.publish(made)
    try:
        made = yield from _fetch(work, path, resource.url)
    except outbound.OutboundError as error:
        raise WorkFailed(
            error.code,
            f"{resource.name} ({shown_url(resource.url)}): {error}",
            temporary=error.temporary,
            retry_after_s=error.retry_after_s,
        ) from error
    return work.publish(made)


def _archive_names(work: Work) -> dict[str, str]:
    """Name all copies, as names that differ may be the same once they are safe."""
    resources = work.spec.resources
    names = unique_names(archive_name(one) for one in resources)
    return dict(zip((one.name for one in resources), names, strict=True))


def archive_name(resource: Resource) -> str:
    """Name the copy by the resource, with the extension its source has."""
    suffixes = "".join(source_file(resource).suffixes[-2:])
    return safe_name(f"{resource.name}{suffixes}", fallback="source")


def _store_inline(work: Work, path: str, resource: Resource) -> Made:
    with work.writer() as out:
        if isinstance(resource.data, str):
            out.write(resource.data.encode())
        else:
            out.write(orjson.dumps(resource.data))
        stored = out.commit()
    return Made(path=path, stored=stored, receipt={"sources": [{"inline": True}]})


def _fetch(work: Work, path: str, url: str) -> Generator[Step, None, Made]:
    earlier = _earlier_copy(work, url)
    conditions = _conditions(earlier)
    with outbound.stream(
        "GET",
        url,
        policy=settings.OUTBOUND,
        headers=conditions,
        on_open=work.run.on_stop,
    ) as reply:
        yield work.run.step(done=0)
        if reply.status == 304:
            return _unchanged(work, path, url, earlier)
        reply.raise_for_status()
        stored = yield from _save(work, reply)
        source = _source(url, reply, stored)
    same = earlier is not None and earlier.digest == stored.digest
    work.say(f"fetched {stored.size} bytes{', the same as before' if same else ''}")
    return Made(path=path, stored=stored, receipt={"sources": [source]})


def _unchanged(work: Work, path: str, url: str, earlier: Artifact | None) -> Made:
    if earlier is None:
        raise outbound.BadStatus(
            f"{shown_url(url)} answered with status 304, as if asked for changes.",
            status=304,
        )
    work.say("not changed since the last copy, says its server")
    return made_of(path, earlier)


def _save(work: Work, reply: outbound.Reply) -> Generator[Step, None, Stored]:
    length = reply.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdigit() else None
    with work.writer() as out:
        for piece in reply.iter_bytes(PIECE_BYTES):
            out.write(piece)
            done = out.tell()
            yield work.run.step(done=done, total=total, size_bytes=done)
        return out.commit()


def _earlier_copy(work: Work, url: str) -> Artifact | None:
    """Find the newest copy of this URL that this dataset has, if it is whole."""
    copies = Output.objects.filter(
        revision__dataset=work.dataset,
        pipeline__kind=PipelineKind.COPY,
        pipeline__resource=work.pipeline.resource,
    ).select_related("artifact")
    newest = copies.order_by("-revision__number").first()
    if newest is None or not is_whole(newest.artifact):
        return None
    sources = newest.artifact.receipt.get("sources", [{}])
    return newest.artifact if sources[0].get("url_digest") == _digest(url) else None


def _conditions(earlier: Artifact | None) -> dict[str, str]:
    if earlier is None:
        return {}
    validators = earlier.receipt["sources"][0].get("validators", {})
    return {VALIDATORS[name]: value for name, value in validators.items()}


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _source(url: str, reply: outbound.Reply, stored: Stored) -> dict[str, Any]:
    return {
        "url": shown_url(url),
        "url_digest": _digest(url),
        "validators": {n: reply.headers[n] for n in VALIDATORS if n in reply.headers},
        "media_type": reply.headers.get("Content-Type", ""),
        "fetched_at": timezone.now().isoformat(),
        "sha256": stored.digest,
        "bytes": stored.size,
    }
