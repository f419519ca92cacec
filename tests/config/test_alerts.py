"""The rules and the dashboard that docs/ has are about metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

DOCS = Path(__file__).resolve().parents[2] / "docs"
METRIC = re.compile(r"\b(?:entrepot|django)_\w+")
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_gsum", "_gcount")

pytestmark = pytest.mark.django_db


def rules() -> list[Any]:
    (group,) = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def panels() -> list[Any]:
    return list(json.loads((DOCS / "grafana.json").read_text())["panels"])


def expressions() -> Iterator[str]:
    yield from (one["expr"] for one in rules())
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])


def test_each_metric_that_is_asked_for_is_there(client: Client) -> None:
    page = client.get("/metrics").content.decode()
    families = {one.name for one in text_string_to_metric_families(page)}
    there = {name + suffix for name in families for suffix in SUFFIXES}

    asked = {name for one in expressions() for name in METRIC.findall(one)}

    assert len(asked) > 10
    assert asked - there == set()


def test_each_metric_that_is_explained_is_there_and_no_other_of_ours(
    client: Client,
) -> None:
    page = client.get("/metrics").content.decode()
    families = {one.name for one in text_string_to_metric_families(page)}
    ours = {name for name in families if name.startswith("entrepot_")}
    text = (DOCS / "operations.md").read_text()

    explained = set(re.findall(r"`(entrepot_\w+?)(?:_total)?[`{]", text))

    assert explained == ours


def test_each_alert_says_what_and_how_bad_and_what_to_do() -> None:
    text = (DOCS / "operations.md").read_text()
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in text


def test_no_two_panels_overlap() -> None:
    places: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        columns = range(at["x"], at["x"] + at["w"])
        covered = {(x, y) for x in columns for y in range(at["y"], at["y"] + at["h"])}
        assert not covered & places
        assert max(columns) < 24
        places |= covered
