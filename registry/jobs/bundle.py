"""Creating ZIP and Creating Package: a revision's files, together and described."""

from functools import partial
from typing import Any

import orjson

from registry.jobs.work import Made, Steps, Work, open_artifact
from registry.models import Output
from registry.plan import PipelineKind
from registry.services import naive_iso
from tasks.archive.names import extension, media_type
from tasks.archive.zip import Member, write_zip


def make_zip(work: Work) -> Steps:
    """Pack the copies, the tables and the report."""
    path = work.spec.zip_file
    outputs = list(_outputs(work))
    key = work.key([f"{one.path} {one.artifact.digest}" for one in outputs])
    if made := work.reuse(path, key):
        return work.publish(made)
    total = sum(one.artifact.size_bytes for one in outputs)
    with work.writer() as out:
        for written in write_zip(out, [_member(one) for one in outputs]):
            yield work.run.step(done=min(written, total), total=total)
        stored = out.commit()
    work.say(f"packed {len(outputs)} files, {stored.size} bytes")
    return work.publish(Made(path, stored, step_key=key))


def _outputs(work: Work) -> list[Output]:
    packed = work.revision.outputs.exclude(pipeline__kind=PipelineKind.PREVIEW)
    return list(packed.select_related("artifact", "pipeline").order_by("path"))


def _member(output: Output) -> Member:
    return Member(
        name=output.path,
        open=partial(open_artifact, output.artifact),
        size=output.artifact.size_bytes,
    )


def make_package(work: Work) -> Steps:
    """Write datapackage.json: the uploaded descriptor with the files that exist."""
    yield work.run.step(done=0)
    outputs = list(
        work.revision.outputs.select_related("artifact", "pipeline").order_by("path")
    )
    package = describe(work, outputs)
    with work.writer() as out:
        out.write(orjson.dumps(package, option=orjson.OPT_INDENT_2))
        stored = out.commit()
    work.say(f"described {len(outputs)} files")
    return work.publish(
        Made("datapackage.json", stored),
        bytes=package["bytes"],
        count_of_rows=package["count_of_rows"],
    )


def describe(work: Work, outputs: list[Output]) -> dict[str, Any]:
    """Return the Data Package; `count_of_rows` counts each table once."""
    tables = [one for one in outputs if one.pipeline.kind == PipelineKind.CSV]
    meta = work.spec.meta
    size = sum(one.artifact.size_bytes for one in outputs)
    rows = sum(one.artifact.rows or 0 for one in tables)
    return {
        **work.spec.descriptor,
        "name": work.spec.descriptor.get("name") or meta.dataset,
        "id": work.revision.flow_id,
        "version": work.spec.descriptor.get("version", meta.version),
        "bytes": size,
        "count_of_rows": rows,
        "datahub": {
            "flowid": work.revision.flow_id,
            "owner": meta.owner,
            "ownerid": meta.ownerid,
            "findability": meta.findability,
            "modified": naive_iso(work.revision.created_at),
            "stats": {"bytes": size, "rowcount": rows},
        },
        "resources": [_resource(work, output) for output in outputs],
    }


def _resource(work: Work, output: Output) -> dict[str, Any]:
    artifact, pipeline = output.artifact, output.pipeline
    name = pipeline.pipeline_id.rpartition("/")[2]
    described = {
        "name": name,
        "path": output.path,
        "format": extension(output.path),
        "mediatype": media_type(output.path).partition(";")[0],
        "bytes": artifact.size_bytes,
        "hash": f"sha256:{artifact.digest}",
        "datahub": {"type": pipeline.kind, "derivedFrom": pipeline.resource or None},
    }
    if artifact.rows is not None:
        described["count_of_rows"] = artifact.rows
    if pipeline.kind in {PipelineKind.CSV, PipelineKind.JSON}:
        described |= _table(work, pipeline.resource)
    return described


def _table(work: Work, resource: str) -> dict[str, Any]:
    table = work.find_resource(resource)
    words = {"title": table.title, "description": table.description}
    given = {word: text for word, text in words.items() if text}
    return {**given, "schema": table.schema, "encoding": "utf-8"}
