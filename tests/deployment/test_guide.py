"""The commands of docs/DEPLOYMENT.md, run as they stand on a machine that has nothing of AVA."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ava.conf.env import BASE_DIR
from sandbox.vapi import API_KEY
from tests.deployment import machine
from tests.deployment.conftest import HOST, PASSWORD, SOURCE, Operator

pytestmark = [pytest.mark.slow, machine.needed]


@pytest.fixture(scope="module")
def deployed(operator: Operator) -> Operator:
    """AVA as the guide sets it up."""
    operator.follow("A machine in 15 minutes")
    return operator


@pytest.fixture(scope="module")
def served(deployed: Operator) -> Operator:
    """The same for clients without number, with the sandbox in Vapi's place."""
    deployed.run(
        f"""
        systemd-run --quiet --working-directory={SOURCE} \\
            /opt/ava/blue/.venv/bin/python -m sandbox --port 9001
        echo VAPI_BASE_URL=http://127.0.0.1:9001/vapi >>/etc/ava/ava.env
        echo RATE_LIMIT_PER_MINUTE=100000 >>/etc/ava/ava.env
        systemctl restart ava-web@blue
        ava-switch blue
        """
    )
    return deployed


def ask(operator: Operator, method: str, path: str, **body: Any) -> Any:
    data = f"--json '{json.dumps(body)}'" if body else ""
    command = (
        f"curl -sk --resolve {HOST}:443:127.0.0.1 -X {method} {data} https://{HOST}/api/v1{path}"
    )
    return json.loads(operator.run(command))


def test_a_new_installation_answers_as_the_guide_says(deployed: Operator) -> None:
    deployed.follow("What it must answer")


def test_connections_to_providers_are_kept(served: Operator) -> None:
    login = ask(served, "POST", "/auth/login", identifier="admin", password=PASSWORD)
    bearer = f"-H 'Authorization: Bearer {login['access_token']}' -H 'Cache-Control: no-cache'"
    key = json.dumps({"api_key": API_KEY})
    at = f"curl -sk --resolve {HOST}:443:127.0.0.1 {bearer} https://{HOST}/api/v1"
    served.run(f"{at}/integrations/vapi/credentials -X PUT --json '{key}'")
    served.run(f"for n in $(seq 60); do {at}/vapi/settings --fail --output /dev/null; done")
    served.follow("After some traffic")


@contextmanager
def load(operator: Operator) -> Iterator[None]:
    """Load on AVA behind its proxy, none of which fails."""
    login = ask(operator, "POST", "/auth/login", identifier="admin", password=PASSWORD)
    process = operator.machine.popen(
        "sh",
        "-c",
        f"cd {BASE_DIR} && exec /opt/ava/blue/.venv/bin/python -m tests.deployment.load"
        f" https://127.0.0.1 {HOST} {login['access_token']}",
    )
    try:
        yield
    finally:
        said, _ = process.communicate("")
    seen = json.loads(said.splitlines()[-1])
    assert seen["failures"] == []
    assert seen["answers"] > 200


def test_no_request_fails_while_versions_change(served: Operator) -> None:
    with load(served):
        served.follow("A new version, and the way back", NEXT="before")


def test_no_request_fails_behind_caddy_while_one_after_the_other_restarts(
    served: Operator,
) -> None:
    file = (BASE_DIR / "infrastructure" / "compose" / "Caddyfile").read_text()
    here = file.replace("blue:8000 green:8000", "127.0.0.1:8001 127.0.0.1:8002")
    here = here.replace("{$HOST} {", f"{{\n\tdefault_sni {HOST}\n}}\n{HOST} {{\n\ttls internal", 1)
    with served.machine.popen("sh", "-c", "cat >/etc/Caddyfile") as writing:
        writing.communicate(here)
    ready = "curl -s --fail --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null"
    caddy = Path(sys.executable).parent / "caddy"
    served.run(
        f"""
        echo AVA_DRAIN_SECONDS=4 >>/etc/ava/ava.env
        test -d /opt/ava/green || cp -a /opt/ava/blue /opt/ava/green
        systemctl restart ava-web@blue ava-web@green
        {ready} http://127.0.0.1:8001/readyz
        {ready} http://127.0.0.1:8002/readyz
        systemctl stop nginx
        systemd-run --quiet --setenv=HOME=/root {caddy} run --config /etc/Caddyfile
        {ready} -k --resolve {HOST}:443:127.0.0.1 https://{HOST}/readyz
        """
    )
    with load(served):
        for slot, port in (("blue", 8001), ("green", 8002)):
            served.run(f"systemctl restart ava-web@{slot}; {ready} http://127.0.0.1:{port}/readyz")
            # Until Caddy has seen it, too.
            served.run("sleep 3")
