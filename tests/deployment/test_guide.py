"""The commands of docs/DEPLOYMENT.md, run as they stand on a machine that has nothing of AVA."""

import json
from typing import Any

import pytest

from ava.conf.env import BASE_DIR
from tests.deployment import machine
from tests.deployment.conftest import HOST, PASSWORD, Operator

pytestmark = [pytest.mark.slow, machine.needed]


@pytest.fixture(scope="module")
def deployed(operator: Operator) -> Operator:
    """AVA as the guide sets it up, but for clients without number."""
    operator.follow("A machine in 15 minutes")
    return operator


def ask(operator: Operator, method: str, path: str, **body: Any) -> Any:
    data = f"--json '{json.dumps(body)}'" if body else ""
    command = (
        f"curl -sk --resolve {HOST}:443:127.0.0.1 -X {method} {data} https://{HOST}/api/v1{path}"
    )
    return json.loads(operator.run(command))


def test_no_request_fails_while_versions_change(deployed: Operator) -> None:
    deployed.run(
        "echo RATE_LIMIT_PER_MINUTE=100000 >>/etc/ava/ava.env; systemctl restart ava-web@blue;"
        "ava-switch blue"
    )
    login = ask(deployed, "POST", "/auth/login", identifier="admin", password=PASSWORD)
    load = deployed.machine.popen(
        "sh",
        "-c",
        f"cd {BASE_DIR} && exec /opt/ava/blue/.venv/bin/python -m tests.deployment.load"
        f" https://127.0.0.1 {HOST} {login['access_token']}",
    )
    try:
        deployed.follow("A new version, and the way back", NEXT="before")
    finally:
        said, _ = load.communicate("")
    seen = json.loads(said.splitlines()[-1])
    assert seen["failures"] == []
    assert seen["answers"] > 200
