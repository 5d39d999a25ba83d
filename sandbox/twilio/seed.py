"""Seed data: the account and its numbers, in the shape of the official document's examples."""

from typing import Any

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "twilio-demo-token"
API_KEY_SID = "SK" + "0" * 32
API_KEY_SECRET = "twilio-demo-secret"
BASE = f"/2010-04-01/Accounts/{ACCOUNT_SID}"

_SUBRESOURCES = """
    Addresses AvailablePhoneNumbers Applications AuthorizedConnectApps Balance Calls Conferences
    ConnectApps IncomingPhoneNumbers Keys Messages Notifications OutgoingCallerIds Queues Recordings
    SIP SigningKeys Transcriptions Usage
"""


def _snake(name: str) -> str:
    return (
        "sip"
        if name == "SIP"
        else "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    )


ACCOUNT: dict[str, Any] = {
    "sid": ACCOUNT_SID,
    "owner_account_sid": ACCOUNT_SID,
    "friendly_name": "AVA sandbox",
    "status": "active",
    "type": "Full",
    "auth_token": "",
    "date_created": "Mon, 05 Jan 2026 08:00:00 +0000",
    "date_updated": "Mon, 05 Jan 2026 08:00:00 +0000",
    "uri": f"{BASE}.json",
    "subresource_uris": {
        **{_snake(name): f"{BASE}/{name}.json" for name in _SUBRESOURCES.split()},
        "short_codes": f"{BASE}/SMS/ShortCodes.json",
    },
}


def _number(sid: str, phone_number: str, friendly_name: str, *, mms: bool) -> dict[str, Any]:
    return {
        "sid": sid,
        "account_sid": ACCOUNT_SID,
        "friendly_name": friendly_name,
        "phone_number": phone_number,
        "capabilities": {"voice": True, "sms": True, "mms": mms, "fax": False},
        "address_requirements": "none",
        "address_sid": None,
        "api_version": "2010-04-01",
        "beta": False,
        "bundle_sid": None,
        "date_created": "Mon, 05 Jan 2026 08:10:00 +0000",
        "date_updated": "Mon, 05 Jan 2026 08:10:00 +0000",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "twilio",
        "sms_application_sid": None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": "POST",
        "sms_url": "",
        "status": "in-use",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "local",
        "uri": f"{BASE}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": "",
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": "",
    }


NUMBERS = [
    _number("PN" + "0" * 31 + "1", "+15005550006", "Front desk", mms=True),
    _number("PN" + "0" * 31 + "2", "+15005550010", "Support", mms=False),
]
