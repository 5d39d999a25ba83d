"""A call by an assistant as Vapi has it, and how AVA asks for one."""

from typing import Any

from sandbox.vapi import seed
from vapi_settings.calls import services as calls
from vapi_settings.records import VapiCall

ASSISTANT = seed.ASSISTANT_ID
CALL = "0f7c7b5e-2d8a-4d5e-9f3b-6a1c2e4d8b90"
NUMBER = seed.PHONE_NUMBERS[0]["id"]
MARKS = {"ava_call": "7b0f2f2a-7f4e-4f4e-8d5c-0b9a8f6e5d4c"}
TO = "+15005550009"
BARE = {"id": ASSISTANT, "name": "Bare", "metadata": {"department": "sales"}}
PLACED = {
    "id": CALL,
    "orgId": "8f2f6a1e-3c5d-4b7a-9e10-6d5c4b3a2f1e",
    "createdAt": "2026-01-05T09:00:00.000Z",
    "updatedAt": "2026-01-05T09:00:03.000Z",
    "status": "queued",
    "assistantId": ASSISTANT,
    "phoneNumberId": NUMBER,
    "phoneCallProviderId": "CA0123456789abcdef0123456789abcdef",
    "customer": {"number": TO},
    "assistantOverrides": {"metadata": {"department": "sales", **MARKS}},
    "monitor": {"controlUrl": "https://phone.vapi.ai/x/control"},
}


def place(user: Any, **changed: Any) -> VapiCall:
    return calls.place(
        **{
            "user": user,
            "assistant_id": ASSISTANT,
            "phone_number_id": NUMBER,
            "to": TO,
            "correlation_id": "walk-1",
            "metadata": MARKS,
            **changed,
        }
    )
