"""Addresses of calls and messages: phone numbers in E.164, and Twilio's other kinds, such as short
codes, names, SIP addresses and those of other channels."""

import re
from typing import Any, Final

from rest_framework import serializers

from ava.conf.pasted import plain, trimmed
from ava.http.fields import e164
from ava.inbound.limits import cut
from integrations.sender_kinds import PHONE_DIGITS, Kind, kind_of, sender
from telephony.intents.models import ADDRESS_LENGTH

_DIGITS: Final = re.compile(r"[0-9 ().\-/]+")
_PHONE: Final = re.compile(r"\+?[0-9 ().\-/]*[0-9][0-9 ().\-/]*")
_CHANNEL: Final = re.compile(r"([A-Za-z][A-Za-z0-9.\-]*):(.+)")
_UNESCAPED: Final = re.compile(r"(?i)^(whatsapp|rcs|sms): ([0-9]+)$")
# Channels that reach the phone with the number behind them.
_PHONES: Final = frozenset({"whatsapp", "rcs", "sms", "tel"})


def kept(text: str) -> str:
    """An address that came in, as a row keeps it; a cut one says so."""
    return cut(text, ADDRESS_LENGTH)


def address(text: str) -> str:
    """The address as rows show it. Raises: ValueError, with a sentence: it begins as a phone number
    does, and is none."""
    bare, written = plain(text), trimmed(text)
    if bare[:4].lower() == "tel:":
        text, bare = bare[4:], bare[4:].strip()
    if bare.startswith("+"):
        return e164(bare)
    # In a query string an unescaped + arrives as a blank. Short codes have fewer digits.
    if _DIGITS.fullmatch(bare) and (text[:1] == " " or sum(map(str.isdigit, bare)) >= PHONE_DIGITS):
        return e164(f"+{bare}")
    if channel := _CHANNEL.fullmatch(written):
        return f"{channel[1]}:{channel[2].replace(' ', '+')}"
    return written


def without_channel(of: str) -> str:
    """The phone number behind a channel's address, as it is written there; any other as it is."""
    channel = _CHANNEL.fullmatch(of)
    return channel[2] if channel and channel[1].lower() in _PHONES else of


class SearchField(serializers.CharField):
    """Part of an address or text, where a channel's unescaped + arrives as a blank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, max_length=200, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return _UNESCAPED.sub(r"\1:+\2", super().to_internal_value(data))


class PersonSearchField(SearchField):
    """Part of a person's address. Of a phone number, as rows have it: 555-0101 is sought as
    5550101."""

    def to_internal_value(self, data: Any) -> str:
        text = without_channel(super().to_internal_value(data))
        return re.sub(r"[ ().\-/]", "", text) if _PHONE.fullmatch(text) else text


def person(of: str) -> str:
    """The person behind an address: the phone number, by whatever channel they wrote."""
    of = without_channel(of)
    try:
        return address(of)
    except ValueError:
        return of


class SenderField(serializers.CharField):
    """Sender of a message, in its usual form."""

    limit = ""  # why it can be a phone number only

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "A number (E.164), a name, a short code, or MG...")
        super().__init__(required=False, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            found = sender(super().to_internal_value(data))
        except ValueError as fault:
            raise serializers.ValidationError(str(fault)) from None
        if self.limit and kind_of(found) is not Kind.NUMBER:
            raise serializers.ValidationError(self.limit)
        return found


class CallerField(SenderField):
    """Caller's number: a phone number."""

    limit = "Calls come from a phone number. A name, a short code or a Messaging Service has none."

    def __init__(self) -> None:
        super().__init__(help_text="E.164, such as +15005550006.")


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
