"""Senders of messages besides numbers: Messaging Services, short codes, and names.

https://www.twilio.com/docs/messaging/api/service-resource,
https://www.twilio.com/docs/messaging/api/short-code-resource,
https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
"""

import re

from sandbox.twilio.listing import PAGE_SIZE, Resource
from sandbox.twilio.seed import ACCOUNT_SID, BASE
from sandbox.wire import Query, Request

SERVICES = "/v1/Services"
SERVICE_SID = "MG" + "0" * 32
SHORT_CODE = "68849"
NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 _+&-]{1,11}")
# The service's pool of senders, of which it takes the first.
POOL = ("+15005550006",)

_CREATED, _UPDATED = "2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z"
_SERVICE: Resource = {
    "sid": SERVICE_SID,
    "account_sid": ACCOUNT_SID,
    "friendly_name": "Reminders",
    "date_created": _CREATED,
    "date_updated": _UPDATED,
    "inbound_request_url": None,
    "inbound_method": "POST",
    "fallback_url": None,
    "fallback_method": "POST",
    "status_callback": None,
    "sticky_sender": True,
    "mms_converter": True,
    "smart_encoding": False,
    "scan_message_content": "inherit",
    "fallback_to_long_code": False,
    "area_code_geomatch": False,
    "synchronous_validation": False,
    "validity_period": 36000,
    "usecase": "notifications",
    "us_app_to_person_registered": True,
    "use_inbound_webhook_on_number": True,
    "url": f"https://messaging.twilio.com/v1/Services/{SERVICE_SID}",
    "links": {
        "phone_numbers": f"https://messaging.twilio.com/v1/Services/{SERVICE_SID}/PhoneNumbers"
    },
}
_SHORT_CODE: Resource = {
    "sid": "SC" + "0" * 32,
    "account_sid": ACCOUNT_SID,
    "api_version": "2010-04-01",
    "friendly_name": "Alerts",
    "short_code": SHORT_CODE,
    "date_created": "Mon, 05 Jan 2026 08:00:00 +0000",
    "date_updated": "Mon, 05 Jan 2026 08:00:00 +0000",
    "sms_url": None,
    "sms_method": "POST",
    "sms_fallback_url": None,
    "sms_fallback_method": "POST",
    "uri": f"{BASE}/SMS/ShortCodes/SC{'0' * 32}.json",
}


def services(request: Request) -> Resource | None:
    """The account's Messaging Services, or the one that the path names."""
    sid = request.path.removeprefix(SERVICES).strip("/")
    if sid:
        return _SERVICE if sid == SERVICE_SID else None
    url = "https://messaging.twilio.com/v1/Services?PageSize=50&Page=0"
    meta = {"key": "services", "page": 0, "page_size": PAGE_SIZE, "url": url}
    links = {"first_page_url": url, "previous_page_url": None, "next_page_url": None}
    return {"meta": {**meta, **links}, "services": [_SERVICE]}


def short_codes(query: Query) -> list[Resource]:
    """The account's short codes, or the one that ShortCode asks for."""
    asked = dict(query).get("ShortCode", SHORT_CODE)
    return [_SHORT_CODE] if asked == SHORT_CODE else []
