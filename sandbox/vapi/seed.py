"""Seed data of Vapi: one assistant as a customer's looks, and two phone numbers."""

from typing import Any

from sandbox.data import read_json

ORG_ID = "8f2f6a1e-3c5d-4b7a-9e10-6d5c4b3a2f1e"
ASSISTANT: dict[str, Any] = read_json("sandbox.vapi", "seed_data", "assistant.json")
PHONE_NUMBERS: list[dict[str, Any]] = read_json("sandbox.vapi", "seed_data", "phone_numbers.json")
ASSISTANT_ID: str = ASSISTANT["id"]
