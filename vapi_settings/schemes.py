"""How Vapi proves that a webhook is its own. Pure.

https://docs.vapi.ai/server-url/server-authentication; the HMAC's parts and defaults are those of
HMACAuthenticationPlan in Vapi's OpenAPI document.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ava.inbound.signatures import hmac_matches, is_fresh, secret_matches

DEFAULT_HEADERS: Final = {
    "secret": "X-Vapi-Secret",
    "bearer": "Authorization",
    "hmac": "x-signature",
}
_BEARER: Final = "bearer "


def complaint(
    fields: Mapping[str, str], headers: Mapping[str, str], body: bytes, *, now: datetime
) -> str | None:
    """What is wrong with a delivery's proof; None when it is right.

    Args:
        fields: of the user's Vapi credentials, `webhook_secret` among them.
        headers: names in any case.
        body: as it came.
    """
    name = _header(fields)
    given = headers.get(name)
    if not given:
        return f"There is no {name} header."
    match _scheme(fields):
        case "hmac":
            return _signature_complaint(fields, given, headers, body, now)
        case "bearer" if given.lower().startswith(_BEARER):
            given = given[len(_BEARER) :]
    if secret_matches(given.strip(), [fields["webhook_secret"]]) is None:
        return f"{name} does not hold the webhook_secret."
    return None


def proof(fields: Mapping[str, str]) -> dict[str, str] | None:
    """The headers that Vapi shall send with a call's webhooks; None where headers prove nothing."""
    secret = fields["webhook_secret"]
    match _scheme(fields):
        case "hmac":
            return None
        case "bearer":
            return {_header(fields): f"Bearer {secret}"}
        case _:
            return {_header(fields): secret}


def _scheme(fields: Mapping[str, str]) -> str:
    return fields.get("webhook_scheme", "secret")


def _header(fields: Mapping[str, str]) -> str:
    return fields.get("webhook_header", DEFAULT_HEADERS[_scheme(fields)])


def _signature_complaint(
    fields: Mapping[str, str],
    given: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
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
    if hmac_matches(
        given.strip(), before + body + after, secret=fields["webhook_secret"].encode(), **how
    ):
        return None
    return "The signature is not that of this body with the webhook_secret."
