"""The room Assistants, as a browser asks for it."""

import re
from typing import Any

from django.test import Client

from vapi_settings.conftest import ASSISTANT

ROOM, SPEED = "/vapi", "/vapi/voice_speed"
ROW = {"HX-Request": "true", "HX-Target": "setting-voice_speed"}
TAG = re.compile(r'name="if_match" value="&quot;(\w+)&quot;"')


def text(answer: Any) -> str:
    return str(answer.content.decode())


def post(client: Client, address: str = SPEED, **fields: Any) -> Any:
    fields.setdefault("assistant_id", ASSISTANT)
    headers = fields.pop("headers", {})
    return client.post(address, fields, headers=headers)


def tag(client: Client, address: str = SPEED, **query: Any) -> str:
    page = client.get(address, {"assistant_id": ASSISTANT, **query}, headers=ROW)
    return f'"{TAG.search(text(page))[1]}"'  # type: ignore[index]  # it is there, or the test fails
