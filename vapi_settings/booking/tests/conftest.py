"""Vapi, as it asks for a tool in a call: signed webhooks."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from vapi_settings.booking.tests.asking import CALL, PATH
from vapi_settings.tests.hooking import payload


@pytest.fixture
def settings_(api: APIClient, sandbox: Sandbox, settings: Any) -> Any:
    """Store how is booked."""
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}
    settings.RATE_LIMIT_PER_MINUTE = 1000

    def store(**changes: Any) -> Any:
        body = {"calendar": "google", "time_zone": "Europe/Berlin", **changes}
        answer = api.put(PATH, body, format="json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    return store


@pytest.fixture
def ask(send: Any) -> Any:
    """Vapi asks for a tool in a call. The result, or the error."""

    def ask(
        tool: str, *, call: str = "", key: str = "call_1", raw: Any = None, **arguments: Any
    ) -> dict[str, str]:
        function = {"name": tool, "arguments": arguments if raw is None else raw}
        wish = {"id": key, "type": "function", "function": function}
        message = {"toolCallList": [wish], "toolWithToolCallList": [{"toolCall": wish}]}
        answer = send(payload("tool_calls", call={**CALL, "id": call or CALL["id"]}, **message))
        assert answer.status_code == 200, answer.content
        [found] = answer.json()["results"]
        assert (found.pop("toolCallId"), found.pop("name")) == (key, tool)
        return dict(found)

    return ask
