"""What a page says of one asset, as plain text."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.template.defaultfilters import filesizeformat

from tasks.models import Asset
from tasks.processors.gallery.degrees import told_place
from tasks.processors.names import shown
from tasks.processors.places import Place
from tasks.processors.sights import Sight
from tasks.processors.website import FILES

SIDE = 480  # pixels of a thumbnail, twice of what it is shown at
MOST_ATTRIBUTES = 30
LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    anchor: str
    title: str
    alt: str
    thumbnail: str  # a path; empty without one
    width: int | None  # of the thumbnail
    height: int | None
    download: str  # a path, as in a link
    facts: list[tuple[str, str]]
    attributes: list[tuple[str, str]]
    notes: list[str]
    place: Place | None


@dataclass(frozen=True, slots=True)
class Missing:
    title: str
    reason: str


def card_of(asset: Asset, name: str, sight: Sight, thumbnail: str) -> Card:
    title = shown(asset.file_name)
    small = sight.thumbnail
    return Card(
        anchor=f"asset-{asset.number}",
        title=title,
        alt=f"Thumbnail of {title}",
        thumbnail=thumbnail,
        width=small.width if small else None,
        height=small.height if small else None,
        download=quote(FILES + name),
        facts=list(_facts(asset, sight).items()),
        attributes=_attributes(asset.attributes),
        notes=list(sight.notes),
        place=sight.place,
    )


def missing_of(asset: Asset) -> Missing:
    reason = asset.error or asset.error_code or "The reason is not known."
    return Missing(shown(asset.file_name), shown(reason, longest=LONGEST_VALUE))


def _facts(asset: Asset, sight: Sight) -> dict[str, str]:
    facts = {}
    if photo := sight.photo:
        facts["Image"] = f"{photo.format}, {photo.width} by {photo.height}"
        if photo.shot.taken_at:
            facts["Taken"] = photo.shot.taken_at.replace("T", " ")
        if photo.shot.camera:
            facts["Camera"] = photo.shot.camera
    else:
        facts["Type"] = shown(asset.media_type) or "unknown"
    if sight.place:
        facts["Place"] = told_place(sight.place)
    return facts | {"Size": filesizeformat(asset.size_bytes or 0)}


def _attributes(attributes: Any) -> list[tuple[str, str]]:
    if not isinstance(attributes, dict):
        return []
    first = list(attributes.items())[:MOST_ATTRIBUTES]
    return [(shown(key), _told(value)) for key, value in first]


def _told(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shown(text, longest=LONGEST_VALUE)
