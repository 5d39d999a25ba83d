"""Webhooks of Vapi, as it sends them: payloads built from its official document."""

import json
from pathlib import Path
from typing import Any

from django.test import Client

URL = "/api/v1/webhooks/vapi"
SECRET = "planted-hook-0004"
FILES = {file.stem: file for file in (Path(__file__).parent / "payloads").glob("*.json")}
CALL = "0f7c7b5e-2d8a-4d5e-9f3b-6a1c2e4d8b90"


def payload(name, **changed):
    body = json.loads(FILES[name].read_text("utf-8"))
    body["message"].update(changed)
    return body


def post(body: Any, *, account: Any, headers: dict[str, str]) -> Any:
    """Vapi sends a message to the address of an account, or to one of no account."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    address = f"{URL}?account={account}" if account else URL
    return Client().post(address, raw, content_type="application/json", headers=headers)
