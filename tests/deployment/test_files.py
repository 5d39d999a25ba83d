"""Files in infrastructure/ and beside it, as the programs that take them read them."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose
from django.urls import resolve

from ava.conf.env import BASE_DIR, VARIABLES
from ava.observability import health
from tests import promtool

HERE = BASE_DIR / "infrastructure"
UNITS = sorted((HERE / "systemd").glob("*.service"))
KUBERNETES = sorted((HERE / "kubernetes").rglob("*.yaml"))
COMPOSE_FILE = HERE / "compose" / "compose.yaml"
COMPOSE = yaml.safe_load(COMPOSE_FILE.read_text())
OWN = ("blue", "green", "work", "migrate")
"""Services that run AVA's image."""
APART = {"systemd-analyze": "systemd", "kubectl": "kubernetes-client"}
"""Programs that requirements-dev.txt does not bring, and the packages of Debian's that do."""
MOST_EXPOSED = 15
"""Tenths that `systemd-analyze security` may give; a unit without hardening has 96."""


def check(*command: str | Path, **environment: str) -> str:
    program = str(command[0])
    if program in APART:
        found = shutil.which(program)
        if found is None:
            pytest.skip(
                f"no {program}: apt-get install -y --no-install-recommends {APART[program]}"
            )
    else:
        found = str(Path(sys.executable).parent / program)
    done = subprocess.run(
        [found, *map(str, command[1:])], capture_output=True, text=True, env=environment or None
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def objects() -> list[dict[str, Any]]:
    return [one for file in KUBERNETES for one in yaml.safe_load_all(file.read_text())]


def pods() -> dict[str, dict[str, Any]]:
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in objects()
        if one["kind"] in ("Deployment", "Job")
    }


def test_the_image_is_built_as_hadolint_likes_it() -> None:
    check("hadolint", BASE_DIR / "Dockerfile")


def test_caddy_takes_its_file() -> None:
    file = HERE / "compose" / "Caddyfile"
    said = check("caddy", "validate", "--config", file, "--adapter", "caddyfile", HOST="a.test")
    assert "Valid configuration" in said


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_each_unit_and_finds_it_locked_in(unit: Path, tmp_path: Path) -> None:
    # A unit's program has to be there.
    text = unit.read_text().replace("/opt/ava/%i/.venv/bin/python", "/bin/true")
    file = tmp_path / unit.name.replace("@", "@blue")
    file.write_text(text.replace("%i", "blue"))
    assert check("systemd-analyze", "verify", "--man=no", file) == ""
    check("systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", file)


def test_units_differ_in_what_they_run_alone() -> None:
    def locks(unit: Path) -> str:
        return unit.read_text().partition("\nUser=ava\n")[2].partition("\n[Install]")[0].strip()

    assert len({locks(unit) for unit in UNITS}) == 1


@pytest.mark.parametrize(
    "file", [f for f in KUBERNETES if f.name != "kustomization.yaml"], ids=lambda file: file.stem
)
def test_kubernetes_takes_each_object(file: Path) -> None:
    check("kubernetes-validate", "--strict", file)


@pytest.mark.parametrize("directory", ["", "migrate"])
def test_a_kustomization_names_all_files_beside_it(directory: str) -> None:
    here = HERE / "kubernetes" / directory
    named = yaml.safe_load((here / "kustomization.yaml").read_text())
    there = {file.name for file in here.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(named["resources"]) == there
    assert [image["name"] for image in named["images"]] == ["ava"]


@pytest.mark.parametrize("directory", ["", "migrate"])
def test_kustomize_puts_together_what_kubernetes_takes(directory: str, tmp_path: Path) -> None:
    made = tmp_path / "all.yaml"
    made.write_text(check("kubectl", "kustomize", HERE / "kubernetes" / directory))
    check("kubernetes-validate", "--strict", made)
    said = made.read_text()
    assert "image: registry.example.com/ava:1" in said
    assert said.count("namespace: ava\n") >= said.count("\n---\n")


@pytest.mark.parametrize("name", pods())
def test_a_pod_may_do_nothing_but_its_work(name: str) -> None:
    pod = pods()[name]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


def test_secrets_are_named_and_never_written() -> None:
    assert not [one for one in objects() if one["kind"] == "Secret"]
    secret = {one.name for one in VARIABLES if one.kind == "secret"} | {"DATABASE_URL", "REDIS_URL"}
    [config] = [one for one in objects() if one["kind"] == "ConfigMap"]
    assert not secret & set(config["data"])
    for name in OWN:
        given = COMPOSE["services"][name]["environment"]
        assert not [key for key in secret & set(given) if "PASSWORD:?" not in given[key]]


def given() -> dict[str, set[str]]:
    """Names of variables that each way of deploying AVA gives it."""
    [config] = [one for one in objects() if one["kind"] == "ConfigMap"]
    render = yaml.safe_load((BASE_DIR / "render.yaml").read_text())
    fly = tomllib.loads((BASE_DIR / "fly.toml").read_text())
    [secrets] = re.findall(r"# fly secrets set (.*)\n# +(.*)", (BASE_DIR / "fly.toml").read_text())
    units = "".join(unit.read_text() for unit in UNITS)
    return {
        "kubernetes": set(config["data"]),
        "compose": {name for one in OWN for name in COMPOSE["services"][one]["environment"]},
        "render": {one["key"] for each in render["services"] for one in each.get("envVars", ())},
        "fly": {*fly["env"], *re.findall(r"([A-Z_]+)=", " ".join(secrets))} - {"PORT"},
        "systemd": {*re.findall(r"\b(AVA_\w+)=", units)},
        "image": {*re.findall(r"\b(AVA_\w+)=", (BASE_DIR / "Dockerfile").read_text())},
    }


@pytest.mark.parametrize("way", given())
def test_every_variable_that_ava_is_given_is_one_of_its_own(way: str) -> None:
    assert given()[way]
    assert given()[way] <= {one.name for one in VARIABLES} | {"AVA_ENV_FILE"}


@pytest.mark.parametrize("place", ["kubernetes/web.yaml", "../fly.toml", "../render.yaml"])
def test_every_address_that_is_probed_is_one_of_avas(place: str) -> None:
    probed = re.findall(r"[pP]ath\w*\W+(/\w*z)\b", (HERE / place).read_text())
    assert probed
    assert {resolve(path).func for path in probed} <= {health.healthz, health.readyz}


def test_whoever_stops_ava_waits_until_it_has_ended() -> None:
    [drain] = re.findall(r"AVA_DRAIN_SECONDS=(\d+)", (BASE_DIR / "Dockerfile").read_text())
    # 30 s for requests and jobs, and some for the rest.
    needed = int(drain) + 30 + 10
    waits = [
        pod["terminationGracePeriodSeconds"] for name, pod in pods().items() if "mig" not in name
    ]
    waits += [int(COMPOSE["services"][name]["stop_grace_period"].rstrip("s")) for name in OWN]
    waits += [
        int(n) for n in re.findall(r'kill_timeout = "(\d+)s"', (BASE_DIR / "fly.toml").read_text())
    ]
    render = yaml.safe_load((BASE_DIR / "render.yaml").read_text())
    waits += [one["maxShutdownDelaySeconds"] for one in render["services"] if one.get("runtime")]
    assert min(waits) >= needed


@pytest.mark.parametrize("name", OWN)
def test_a_container_of_avas_writes_nowhere_but_to_memory(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["tmpfs"].startswith("/var/lib/ava:uid=10001")


def composed(text: str) -> PyCompose:
    """What the specification's parser, which knows neither variables nor `<<`, makes of a file."""
    given = re.sub(r"\$\{\w+(:[-?][^}]*)?\}", "given", text)
    taken = PyCompose.from_json(json.dumps(yaml.safe_load(given)))
    taken.validate()
    return taken


@pytest.mark.parametrize("file", ["compose/compose.yaml", "tracing/compose.yml"])
def test_compose_takes_its_file(file: str) -> None:
    assert composed((HERE / file).read_text()).service_names()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("read_only:", "readonly:", "extension key `readonly`"),
        ("service_healthy", "healthy", "unknown variant `healthy`"),
        ("interval: 2s", "interval: 2 days", "not a valid duration unit"),
    ],
)
def test_compose_would_not_take_a_slip(right: str, wrong: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        composed(COMPOSE_FILE.read_text().replace(right, wrong))


def test_what_compose_mounts_is_there() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (HERE / "compose" / source).exists(), source


def test_alerts_and_scrapes_are_those_of_every_other_prometheus(tmp_path: Path) -> None:
    # Beside each other, as compose mounts them.
    for file in (HERE / "compose" / "prometheus.yml", HERE / "prometheus" / "alerts.yml"):
        shutil.copy(file, tmp_path)
    promtool.check_config(tmp_path / "prometheus.yml")
    own = yaml.safe_load((HERE / "compose" / "prometheus.yml").read_text())
    assert [job["job_name"] for job in own["scrape_configs"]] == ["ava"]
    assert own["rule_files"] == ["alerts.yml"]
