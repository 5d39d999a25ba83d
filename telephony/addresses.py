"""Addresses of calls and messages: phone numbers in E.164, and what Twilio has besides, such as
short codes, names, SIP addresses and those of other channels."""

import re
from typing import Any, Final

from rest_framework import serializers

from ava.http.fields import e164
from ava.inbound.limits import cut
from ava.pasted import plain, trimmed
from telephony.intents.models import ADDRESS_LENGTH

# From so many digits on, what has no + is a phone number whose + got lost: in a query string it
# arrives as a blank. Short codes have fewer.
PHONE_DIGITS: Final = 9
_DIGITS: Final = re.compile(r"[0-9 ().\-/]+")
_CHANNEL: Final = re.compile(r"([A-Za-z][A-Za-z0-9.\-]*):(.+)")
# Channels that reach the phone with the number behind them.
_PHONES: Final = frozenset({"whatsapp", "rcs", "sms", "tel"})


def kept(text: str) -> str:
    """An address that came in, as a row keeps it; a cut one says so."""
    return cut(text, ADDRESS_LENGTH)


def address(text: str) -> str:
    """The address as rows show it. Raises: ValueError, with a sentence: it begins as a phone number
    does, and is none."""
    bare, written = plain(text), trimmed(text)
    if bare.startswith("+") or bare[:4].lower() == "tel:":
        return e164(bare)
    if _DIGITS.fullmatch(bare) and (text[:1] == " " or sum(map(str.isdigit, bare)) >= PHONE_DIGITS):
        return e164(f"+{bare}")
    if channel := _CHANNEL.fullmatch(written):
        return f"{channel[1]}:{channel[2].replace(' ', '+')}"
    return written


def person(of: str) -> str:
    """The person behind an address: the phone number, by whatever channel they wrote."""
    channel = _CHANNEL.fullmatch(of)
    if channel and channel[1].lower() in _PHONES:
        of = channel[2]
    try:
        return address(of)
    except ValueError:
        return of


class AddressField(serializers.CharField):
    """Address of a row, as AVA shows it or as people write it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=ADDRESS_LENGTH, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            found = address(super().to_internal_value(data))
        except ValueError as fault:
            raise serializers.ValidationError(str(fault)) from None
        if not found:
            self.fail("blank")
        return found
