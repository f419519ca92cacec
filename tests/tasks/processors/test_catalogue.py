"""`catalogue`: a GeoJSON FeatureCollection of the assets."""

import hashlib
import json
from typing import Any

import pytest

from tasks.models import ResultType
from tasks.processors import find
from tests.support.images import exif, gps, picture, png_bomb
from tests.support.processing import Processing


def catalogue(processing: Processing) -> Any:
    product = processing.make(find("catalogue"))
    assert (product.name, product.media_type) == (
        "catalogue.geojson",
        "application/geo+json",
    )
    return json.loads(processing.read(product))


def test_assets_become_features(processing: Processing) -> None:
    image = picture(
        exif=exif(taken="2026:05:01 10:20:30", offset="+02:00", make="C", model="X1")
    )
    processing.add("a.jpg", image, {"longitude": "13.4", "latitude": 52.5, "by": "me"})

    assert catalogue(processing) == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": 0,
                "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
                "properties": {
                    "file_name": "a.jpg",
                    "name": "a.jpg",
                    "attributes": {"longitude": "13.4", "latitude": 52.5, "by": "me"},
                    "size": len(image),
                    "sha256": hashlib.sha256(image).hexdigest(),
                    "media_type": "image/jpeg",
                    "format": "JPEG",
                    "width": 640,
                    "height": 480,
                    "time": "2026-05-01T10:20:30+02:00",
                    "camera": "C X1",
                    "place_from": "attributes",
                    "notes": [],
                },
            }
        ],
        "bbox": [13.4, 52.5, 13.4, 52.5],
    }


def test_without_attributes_the_camera_says_where(processing: Processing) -> None:
    processing.add("a.jpg", picture(exif=exif(gps=gps(-1.5, 2.25))))

    (feature,) = catalogue(processing)["features"]

    assert feature["geometry"] == {"type": "Point", "coordinates": [2.25, -1.5]}
    assert feature["properties"]["place_from"] == "exif"


def test_what_the_client_says_counts_more_than_the_camera(
    processing: Processing,
) -> None:
    image = picture(exif=exif(gps=gps(-1.5, 2.25)))
    processing.add("a.jpg", image, {"longitude": 5, "latitude": 6})

    (feature,) = catalogue(processing)["features"]

    assert feature["geometry"]["coordinates"] == [5, 6]


def test_a_place_that_cannot_be_is_noted_and_the_camera_is_asked(
    processing: Processing,
) -> None:
    image = picture(exif=exif(gps=gps(-1.5, 2.25)))
    processing.add("a.jpg", image, {"longitude": 500, "latitude": 6})

    (feature,) = catalogue(processing)["features"]

    assert feature["geometry"]["coordinates"] == [2.25, -1.5]
    assert feature["properties"]["notes"] == [
        "longitude: 500 is not between -180 and 180"
    ]


def test_assets_without_a_place_have_a_null_geometry(processing: Processing) -> None:
    processing.add("a.jpg", picture())
    processing.add("b.csv", b"a,b\n")

    found = catalogue(processing)

    assert [one["geometry"] for one in found["features"]] == [None, None]
    assert "bbox" not in found


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"", "The file is empty."),
        (b"<script>alert(1)</script>", "The file is no JPEG, PNG, WebP, GIF or TIFF."),
        (b"<svg onload='alert(1)'/>", "The file is no JPEG, PNG, WebP, GIF or TIFF."),
        (png_bomb(30_000), "The image has too many pixels."),
    ],
    ids=range(4),
)
def test_what_is_no_image_has_no_size_and_a_note(
    processing: Processing, content: bytes, note: str
) -> None:
    processing.add("a.jpg", content, {"longitude": 1, "latitude": 2})

    (feature,) = catalogue(processing)["features"]

    assert feature["geometry"]["coordinates"] == [1, 2]
    assert feature["properties"]["width"] is None
    assert feature["properties"]["notes"] == [note]


def test_a_cut_image_still_has_its_size_for_its_head_says_it(
    processing: Processing,
) -> None:
    processing.add("a.jpg", picture()[:700])

    (feature,) = catalogue(processing)["features"]

    assert (feature["properties"]["width"], feature["properties"]["height"]) == (
        640,
        480,
    )


def test_across_180_degrees_the_box_reaches_from_east_to_west(
    processing: Processing,
) -> None:
    for longitude in (179.5, -179.5):
        processing.add(f"{longitude}", b"x", {"longitude": longitude, "latitude": 0})

    assert catalogue(processing)["bbox"] == [179.5, 0, -179.5, 0]


def test_a_hostile_name_is_a_string_like_any_other(processing: Processing) -> None:
    name = '</script>"\u202e\\x\ud800'
    asset = processing.add("a.jpg", b"x")
    job = processing.job()
    job.assets[0].file_name = name  # no database takes the lone surrogate

    product = processing.make(find("catalogue"), job)

    (feature,) = json.loads(processing.read(product))["features"]
    assert feature["properties"]["file_name"] == name
    assert asset.number == feature["id"]


def test_a_task_without_assets_gives_an_empty_collection(
    processing: Processing,
) -> None:
    assert catalogue(processing) == {"type": "FeatureCollection", "features": []}


def test_each_of_2000_assets_is_a_step_and_a_feature(processing: Processing) -> None:
    tiny = picture("PNG", (2, 2))
    processing.add_many(
        [
            (f"{n}.png", tiny, {"longitude": n % 360 - 180, "latitude": 1})
            for n in range(2000)
        ]
    )

    found = catalogue(processing)

    assert [one["id"] for one in found["features"]] == list(range(2000))
    assert len(processing.steps) == 2000
    assert (processing.steps[-1].done, processing.steps[-1].total) == (2000, 2000)


def test_its_result_is_json() -> None:
    assert find("catalogue").result_type == ResultType.JSON
