"""Reports of Vapi's: the server that it is given, and the proof that webhooks carry.

https://docs.vapi.ai/server-url/server-authentication; the HMAC's parts and defaults are those of
HMACAuthenticationPlan in Vapi's OpenAPI document.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User

from ava.inbound.signatures import hmac_matches, is_fresh, secret_matches
from integrations.credentials import store, webhook_accounts
from vapi_settings.errors import VAPI

# Vapi's own default is to try once.
RETRIES: Final = {"type": "exponential", "maxRetries": 5, "baseDelaySeconds": 1}
DEFAULT_HEADERS: Final = {
    "secret": "X-Vapi-Secret",
    "bearer": "Authorization",
    "hmac": "x-signature",
}
_BEARER: Final = "bearer "


def server(user: User) -> dict[str, Any]:
    """`{"server": ...}` for the user's webhooks, to be spread into a body; empty where AVA has no
    public address, or the user no secret that Vapi could send in a header."""
    row = store.find(user=user, provider=VAPI.label) if settings.PUBLIC_URL else None
    fields = webhook_accounts.fields_of(row)
    if row is None or fields is None:
        return {}
    scheme, header = _scheme(fields)
    if scheme == "hmac":
        return {}
    proof = ("Bearer " if scheme == "bearer" else "") + fields["webhook_secret"]
    return {"server": {"url": row.webhook_url, "headers": {header: proof}, "backoffPlan": RETRIES}}


def complaint(
    fields: Mapping[str, str], headers: Mapping[str, str], body: bytes, *, now: datetime
) -> str | None:
    """Fault of a delivery's proof by the user's Vapi fields, in a sentence; None: it is right."""
    scheme, header = _scheme(fields)
    given = headers.get(header)
    if not given:
        return f"There is no {header} header."
    if scheme == "hmac":
        return _signature_complaint(fields, given, headers, body, now)
    if scheme == "bearer" and given.lower().startswith(_BEARER):
        given = given[len(_BEARER) :]
    if not secret_matches(given.strip(), [fields["webhook_secret"]]):
        return f"{header} does not hold the webhook_secret."
    return None


def _scheme(fields: Mapping[str, str]) -> tuple[str, str]:
    """The scheme, and the header that carries the proof."""
    scheme = fields.get("webhook_scheme", "secret")
    return scheme, fields.get("webhook_header", DEFAULT_HEADERS[scheme])


def _signature_complaint(
    fields: Mapping[str, str], given: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> str | None:
    payload = fields.get("webhook_payload", "{timestamp}.{body}")
    stamp = ""
    if "{timestamp}" in payload:
        name = fields.get("webhook_timestamp_header", "x-timestamp")
        stamp = headers.get(name, "")
        if not is_fresh(stamp, now=now.timestamp()):
            return f"{name} holds no Unix time of the last 5 minutes."
    before, after = payload.replace("{timestamp}", stamp).encode().split(b"{body}")
    # Both were checked against the few there are when they were stored.
    how: dict[str, Any] = {
        "algorithm": fields.get("webhook_algorithm", "sha256"),
        "encoding": fields.get("webhook_encoding", "hex"),
        "prefix": fields.get("webhook_prefix", ""),
    }
    secret = fields["webhook_secret"].encode()
    if hmac_matches(given.strip(), before + body + after, secret=secret, **how):
        return None
    return "The signature is not that of this body with the webhook_secret."
