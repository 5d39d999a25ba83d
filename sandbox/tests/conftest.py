"""One sandbox for all tests, as it was at the start for each of them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from sandbox.tests.app import App, running_app, until
from sandbox.tests.client import Client
from sandbox.tests.google_client import GoogleCalendar
from sandbox.tests.graph_client import GraphCalendar
from sandbox.tests.resend_client import Resend

ACCOUNT_SID = "AC" + "0" * 32
FRONT_DESK = "+15005550006"
PERSON = "+15551230001"


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(smtp_port=0) as sandbox:
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


class Twilio(Client):
    """Twilio's API with the demo account's token; paths from below the account."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}")
        self.session.auth = (ACCOUNT_SID, "twilio-demo-token")

    def send(self, path: str, **fields: Any) -> requests.Response:
        """POST a form."""
        return self.call("POST", path, data=fields)

    def ring(self, **fields: Any) -> dict[str, Any]:
        """Place a call that is taken."""
        answer = self.send("/Calls.json", **({"To": PERSON, "From": FRONT_DESK} | fields))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def text(self, **fields: Any) -> dict[str, Any]:
        """Send a message that is taken."""
        asked = {"To": PERSON, "From": FRONT_DESK, "Body": "Hello"} | fields
        answer = self.send("/Messages.json", **asked)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def becomes(self, kind: str, sid: str, status: str) -> dict[str, Any]:
        """Wait until a call or message has a status."""
        until(lambda: self.get(f"/{kind}/{sid}.json").json()["status"] == status)
        shown: dict[str, Any] = self.get(f"/{kind}/{sid}.json").json()
        return shown


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Twilio]:
    with Twilio(sandbox.url) as client:
        yield client


@pytest.fixture
def resend(sandbox: Sandbox) -> Iterator[Resend]:
    with Resend(sandbox.url) as client:
        yield client


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[App]:
    with running_app() as app:
        yield app
        sandbox.reset()  # nothing may be on its way to an app that is gone


@pytest.fixture
def google(sandbox: Sandbox) -> Iterator[GoogleCalendar]:
    with GoogleCalendar(sandbox.url) as client:
        yield client


@pytest.fixture
def graph(sandbox: Sandbox) -> Iterator[GraphCalendar]:
    with GraphCalendar(sandbox.url) as client:
        yield client
