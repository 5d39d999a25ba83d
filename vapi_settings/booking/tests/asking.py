"""Requests of assistants for bookings: what they are offered, what happened at the calendar."""

import re
from typing import Any

import requests

from sandbox.server import Sandbox
from vapi_settings.tests.hooking import payload

PATH = "/api/v1/vapi/booking-tool"
LISTED = re.compile(r"\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)")
CALL = payload("tool_calls")["message"]["call"]


def effects(sandbox: Sandbox) -> list[Any]:
    return list(requests.get(f"{sandbox.url}/_sandbox/effects", timeout=5).json()["events"])


def offered(ask: Any, **arguments: Any) -> list[str]:
    return LISTED.findall(ask("find_free_slots", **arguments)["result"])
