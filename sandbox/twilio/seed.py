"""Seed data: the account and its numbers, in the shape of the official document's examples."""

from typing import Any

from sandbox.data import read_json

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "twilio-demo-token"
API_KEY_SID = "SK" + "0" * 32
API_KEY_SECRET = "twilio-demo-secret"
BASE = f"/2010-04-01/Accounts/{ACCOUNT_SID}"

ACCOUNT: dict[str, Any] = read_json("sandbox.twilio", "seed_data", "account.json")
NUMBERS: list[dict[str, Any]] = read_json("sandbox.twilio", "seed_data", "phone_numbers.json")
