"""The commands of docs/DEPLOYMENT.md, run as they stand on a machine that has nothing of AVA."""

import json
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


def test_no_request_fails_while_versions_change(served: Operator) -> None:
    login = ask(served, "POST", "/auth/login", identifier="admin", password=PASSWORD)
    load = served.machine.popen(
        "sh",
        "-c",
        f"cd {BASE_DIR} && exec /opt/ava/blue/.venv/bin/python -m tests.deployment.load"
        f" https://127.0.0.1 {HOST} {login['access_token']}",
    )
    try:
        served.follow("A new version, and the way back", NEXT="before")
    finally:
        said, _ = load.communicate("")
    seen = json.loads(said.splitlines()[-1])
    assert seen["failures"] == []
    assert seen["answers"] > 200
