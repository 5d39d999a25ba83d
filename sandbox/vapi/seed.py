"""Seed data of Vapi: one assistant as a customer's looks, and two phone numbers."""

import json
from importlib import resources
from typing import Any

ORG_ID = "8f2f6a1e-3c5d-4b7a-9e10-6d5c4b3a2f1e"


def _read(name: str) -> Any:
    return json.loads(
        resources.files("sandbox.vapi").joinpath("seed_data", name).read_text("utf-8")
    )


ASSISTANT: dict[str, Any] = _read("assistant.json")
PHONE_NUMBERS: list[dict[str, Any]] = _read("phone_numbers.json")
ASSISTANT_ID: str = ASSISTANT["id"]
