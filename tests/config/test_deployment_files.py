"""The files to deploy with name settings, commands, paths and hosts that exist."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from django.core.management import get_commands

from config import metrics
from tests.config.test_readme import OURS, ROOT, settings_read

DEPLOY = ROOT / "docs" / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNITS = sorted(DEPLOY.glob("*.service"))
# Read by what we stand on: boto3, and uvicorn behind its proxy.
OTHERS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FORWARDED_ALLOW_IPS"}
COMMANDS = {name for name, app in get_commands().items() if app in OURS} | {"migrate"}
OUR_SERVICES = {name for name, one in SERVICES.items() if one["image"] == "entrepot"}


def words(line: str) -> list[str]:
    return re.findall(r"manage\.py (\w+)", line)


def test_a_service_is_given_settings_that_there_are() -> None:
    for name in OUR_SERVICES:
        given = set(SERVICES[name]["environment"])
        assert given <= settings_read() | {"SECRET_KEY"} | OTHERS, name


def test_a_secret_is_asked_for_and_never_written_down() -> None:
    wanted = {
        line.partition("=")[0]
        for line in (DEPLOY / "env.example").read_text().splitlines()
        if line and not line.startswith("#")
    }
    text = (ROOT / "compose.yaml").read_text()

    assert set(re.findall(r"\$\{(\w+):\?\}", text)) == wanted
    secrets = re.findall(
        r"^ +(\w*(?:SECRET|PASSWORD|KEY)\w*): (.+)$", text, re.MULTILINE
    )
    given = {name: value for name, value in secrets if name != "AWS_ACCESS_KEY_ID"}
    assert len(given) >= 6
    assert all(value.startswith("${") for value in given.values()), given


def test_every_service_runs_a_command_that_there_is() -> None:
    for name in OUR_SERVICES - {"idp"}:
        command = SERVICES[name]["command"]
        named = words("\n".join(command)) or [command[0]]
        assert set(named) <= COMMANDS, name
    assert (
        json.loads(re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[-1])[0]
        in COMMANDS
    )


def test_every_path_that_is_mounted_or_copied_is_there() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            there = (ROOT / source).exists()
            assert there if source.startswith("./") else source in COMPOSE["volumes"], (
                name,
                source,
            )
    ignored = (ROOT / ".dockerignore").read_text().split()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    assert all((ROOT / path).exists() for path in kept)
    assert {"config", "exports", "registry", "tasks", "manage.py"} <= set(kept)
    assert not {"tests", "var", ".env", ".git"} & set(kept)


def test_whatever_is_waited_for_is_a_service_that_can_be_waited_for() -> None:
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            other = SERVICES[name]
            if how["condition"] == "service_healthy":
                ours = other["image"] == "entrepot" and "HEALTHCHECK" in DOCKERFILE
                assert ours or other["healthcheck"]["test"], name
            else:
                assert other.get("restart") != "unless-stopped" or name in OUR_SERVICES


def test_what_is_stopped_has_time_to_end() -> None:
    for name in ("web", "work"):
        assert SERVICES[name]["stop_grace_period"] == "30s"
    for unit in UNITS:
        text = unit.read_text()
        if "Type=oneshot" not in text:
            assert "KillMode=mixed" in text
            assert int(re.findall(r"TimeoutStopSec=(\d+)", text)[0]) >= 20
    work = (DEPLOY / "entrepot-work.service").read_text()
    assert "TimeoutStopSec=30" in work


def test_units_run_commands_that_there_are() -> None:
    assert len(UNITS) == 3
    for unit in UNITS:
        assert set(words(unit.read_text())) <= COMMANDS, unit.name
        given = set(re.findall(r"^Environment=(\w+)=", unit.read_text(), re.MULTILINE))
        assert given <= settings_read()


def test_the_image_is_locked_and_runs_as_nobody_special() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE) == ["entrepot"]
    assert all(
        line.startswith("[")
        for line in re.findall(r"^(?:CMD|ENTRYPOINT) (.+)$", DOCKERFILE, re.MULTILINE)
    ), "exec form, so that signals reach the process"
    assert not re.search(r"SECRET|PASSWORD|TOKEN", DOCKERFILE)


def test_prometheus_is_given_its_rules() -> None:
    mounts = [one.split(":") for one in SERVICES["prometheus"]["volumes"]]
    files = {there: ROOT / here for here, there, *_ in mounts if here.startswith(".")}
    told = yaml.safe_load(files["/etc/prometheus/prometheus.yml"].read_text())

    assert all(path.exists() for path in files.values())
    for name in told["rule_files"]:
        assert files[f"/etc/prometheus/{name}"].name == name


def test_what_is_scraped_and_proxied_is_a_service() -> None:
    scraped = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    targets = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    hosts = SERVICES["web"]["environment"]["ALLOWED_HOSTS"].split(",")

    assert {target.partition(":")[0] for target in targets} <= set(hosts)
    assert len(targets) == SERVICES["web"]["deploy"]["replicas"]
    proxied = re.findall(r"^ +server (\S+):8000;", nginx(), re.MULTILINE)
    assert set(proxied) <= set(SERVICES)
    # The proxy must not cut what a door may hold, nor a body that we would refuse.
    assert int(re.findall(r"proxy_read_timeout (\d+)s", nginx())[0]) > 60
    assert int(re.findall(r"client_max_body_size (\d+)m", nginx())[0]) > 16


def test_the_dashboard_asks_for_figures_that_there_are() -> None:
    board = json.loads((DEPLOY / "grafana/dashboards/entrepot.json").read_text())
    asked = " ".join(
        target["expr"] for panel in board["panels"] for target in panel["targets"]
    )
    source = Path(metrics.__file__).read_text()

    names = set(re.findall(r"\bentrepot_\w+", asked))
    assert len(names) >= 7
    for name in names:
        assert f'"{re.sub("_(total|bucket)$", "", name)}"' in source, name


def nginx() -> str:
    return (DEPLOY / "nginx.conf").read_text()
