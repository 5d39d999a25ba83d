"""One sandbox for all tests, as it was at the start for each of them."""

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
def vapi(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.url + "/vapi") as client:
        client.session.headers["Authorization"] = "Bearer vapi-demo-key"
        yield client


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.url + "/_sandbox") as client:
        yield client
