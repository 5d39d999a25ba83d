"""Phone numbers at Vapi, and what importing one changes at Twilio."""

import re

from sandbox.phones.phone import E164
from sandbox.twilio import ACCOUNT_SID, Twilio
from sandbox.twilio.provider import authentic
from sandbox.vapi.errors import RefusedError
from sandbox.vapi.schema import check
from sandbox.vapi.store import Resource, Store

# Where Vapi points an imported number: https://docs.vapi.ai/phone-numbers/import-twilio
VOICE_URL = "https://api.vapi.ai/twilio/inbound_call"
SMS_URL = "https://api.vapi.ai/twilio/sms"
_FROM_SERVER = ("id", "orgId", "createdAt", "updatedAt", "status")


class PhoneNumbers:
    """The organisation's numbers."""

    kind = "Phone Number"
    filters: tuple[str, ...] = ()

    def __init__(self, store: Store, twilio: Twilio) -> None:
        self.store = store
        self._twilio = twilio

    def create(self, fields: Resource, _host: str) -> Resource:
        """Import a number from Twilio. Raises: RefusedError."""
        if isinstance(fields, dict) and fields.get("provider", "twilio") != "twilio":
            raise RefusedError(400, "The sandbox imports numbers of the provider twilio only.")
        check("CreateTwilioPhoneNumberDTO", fields)
        number = fields["number"]
        if not E164.fullmatch(number):
            raise RefusedError(400, ["number must be a valid phone number in the E.164 format."])
        for known in self.store.all():
            if known.get("number") == number:
                raise RefusedError(
                    400, f"Existing Phone Number {known['id']} Has Identical `number` {number}"
                )
        _check_keys(fields)
        self._point_at_vapi(fields)
        return self.store.create({"smsEnabled": True, "status": "active", **fields})

    def update(self, number_id: str, fields: Resource) -> Resource | None:
        """Change a number. Raises: RefusedError."""
        check("UpdateTwilioPhoneNumberDTO", fields)
        return self.store.update(number_id, fields)

    def delete(self, number_id: str) -> Resource | None:
        """Remove a number; at Twilio it stays."""
        return self.store.delete(number_id)

    def by_number(self, number: str) -> Resource | None:
        """The number with these digits."""
        return next((one for one in self.store.all() if one.get("number") == number), None)

    def by_sip(self, uri: str) -> Resource | None:
        """The number with this SIP address, whatever headers and parameters go with it."""
        wanted = re.split("[;?]", uri.lower())[0]
        return next(
            (one for one in self.store.all() if one.get("sipUri", "").lower() == wanted), None
        )

    def _point_at_vapi(self, fields: Resource) -> None:
        urls = {"voice_url": VOICE_URL, "voice_method": "POST"}
        if fields.get("smsEnabled", True):
            urls |= {"sms_url": SMS_URL, "sms_method": "POST"}
        if not self._twilio.numbers.set_urls(fields["number"], **urls):
            raise RefusedError(
                400, f"Couldn't Find Phone Number {fields['number']} On Twilio Account."
            )


def _check_keys(fields: Resource) -> None:
    user, secret = ACCOUNT_SID, fields.get("twilioAuthToken")
    if not secret:
        user, secret = fields.get("twilioApiKey", ""), fields.get("twilioApiSecret", "")
    if fields["twilioAccountSid"] != ACCOUNT_SID or not authentic(user, secret):
        raise RefusedError(400, "Couldn't Validate Twilio Credentials: Authenticate")


def as_created(number: Resource) -> Resource:
    """A number as messages carry it, secrets and all, without what Vapi added to it."""
    chosen_by_vapi = ("number",) if number["provider"] == "vapi" else ()
    added = (*_FROM_SERVER, *chosen_by_vapi)
    return {name: value for name, value in number.items() if name not in added}
