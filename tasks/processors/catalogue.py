"""`catalogue`: a GeoJSON FeatureCollection of the assets."""

import json
from collections.abc import Generator
from typing import Any

from tasks.engine.run import Step
from tasks.models import Asset, ResultType
from tasks.processors.base import ProcessorJob, Product
from tasks.processors.extent import extent_of
from tasks.processors.places import Place
from tasks.processors.sights import Eye, Sight


class Catalogue:
    name = "catalogue"
    result_type = ResultType.JSON

    def run(self, job: ProcessorJob) -> Generator[Step, None, Product]:
        """Write a feature for each asset, in order (RFC 7946)."""
        eye, places, total = Eye(job), list[Place](), len(job.assets)
        with job.writer() as out:
            out.write(b'{"type":"FeatureCollection","features":[')
            for count, asset in enumerate(job.assets, start=1):
                sight = eye.look(asset)
                places += [sight.place] if sight.place else []
                out.write(b",\n" if count > 1 else b"\n")
                out.write(_json(_feature(asset, sight)))
                yield job.run.step(done=count, total=total)
            out.write(b"\n]")
            if places:
                out.write(b',"bbox":' + _json(_bbox(places)))
            out.write(b"}\n")
            stored = out.commit()
        job.run.note(f"Placed {len(places)} of {total} assets.")
        return Product(
            stored=stored,
            name="catalogue.geojson",
            media_type="application/geo+json",
        )


def _feature(asset: Asset, sight: Sight) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": asset.number,
        "geometry": _geometry(sight.place),
        "properties": _properties(asset, sight),
    }


def _geometry(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"type": "Point", "coordinates": [place.longitude, place.latitude]}


def _properties(asset: Asset, sight: Sight) -> dict[str, Any]:
    photo = sight.photo
    return {
        "file_name": asset.file_name,
        "name": asset.name,
        "attributes": asset.attributes,
        "size": asset.size_bytes,
        "sha256": asset.digest,
        "media_type": asset.media_type,
        "format": photo.format if photo else None,
        "width": photo.width if photo else None,
        "height": photo.height if photo else None,
        "time": photo.shot.taken_at if photo else None,
        "camera": photo.shot.camera if photo else None,
        "place_from": sight.place_from,
        "notes": list(sight.notes),
    }


def _bbox(places: list[Place]) -> list[float]:
    """West, south, east, north; west is the larger one across 180° (RFC 7946 5.2)."""
    extent = extent_of(places)
    east = extent.west + extent.width
    return [
        extent.west,
        extent.south,
        round(east - 360 if east > 180 else east, 9),
        extent.north,
    ]


def _json(value: Any) -> bytes:
    # ASCII: a lone surrogate in a name has no UTF-8.
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")
