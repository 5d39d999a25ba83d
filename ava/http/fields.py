"""Fields for pasted text, identifiers, addresses, phone numbers and any JSON; times in queries."""

import re
from datetime import datetime
from typing import Any, Final

import phonenumbers
from rest_framework import serializers

from ava.conf.domains import to_ascii
from ava.conf.pasted import plain, trimmed, visible

LONGEST: Final = 32  # characters, written with blanks and hyphens
_WRITTEN: Final = re.compile(r"\+[0-9 ().\-/]+")
# https://www.rfc-editor.org/rfc/rfc3966
_LINK: Final = re.compile(r"\Atel:\s*", re.IGNORECASE)
# The offset of a time, after a + that was not escaped.
_OFFSET: Final = re.compile(r"(:\d\d(?:[.,]\d+)?) (\d\d(?::?\d\d)?)$", re.ASCII)
_Fits = phonenumbers.ValidationResult
_FAULTS: Final = {
    _Fits.TOO_SHORT: "This number has too few digits.",
    _Fits.TOO_LONG: "This number has too many digits.",
    _Fits.IS_POSSIBLE_LOCAL_ONLY: "This number lacks its area code.",
}


def e164(text: str) -> str:
    """The phone number in E.164 (https://www.twilio.com/docs/glossary/what-e164). Raises:
    ValueError, with a sentence that says how to write it."""
    text = _LINK.sub("", plain(text))
    if not text.startswith("+"):
        raise ValueError("Begin with + and the country code, such as +15005550006.")
    if len(text) > LONGEST or not _WRITTEN.fullmatch(text):
        raise ValueError("Use digits only after the +, such as +15005550006.")
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        sentence = "This is no country code and number. Write it like +15005550006."
        raise ValueError(sentence) from None
    fits = phonenumbers.is_possible_number_with_reason(number)
    if fits != _Fits.IS_POSSIBLE:
        raise ValueError(_FAULTS.get(fits, "No number of that country has this many digits."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class PastedField(serializers.CharField):
    """Identifier; blanks around it and invisible characters are not part of it."""

    def to_internal_value(self, data: Any) -> str:
        value = trimmed(visible(super().to_internal_value(data)))
        if not value and not self.allow_blank:
            self.fail("blank")
        return value


class PastedEmailField(PastedField, serializers.EmailField):
    """E-mail address, in the one spelling of its part before the @.

    A quoted (`"ada"@`) or encoded one (`=?utf-8?q?ada?=@`) is unwrapped on its way by Python's own
    `email`, and so reaches somebody whom the text does not name.
    """

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        local, _, domain = value.rpartition("@")
        try:
            to_ascii(domain)
        except ValueError:
            self.fail("invalid")
        if '"' in local or "=?" in local or not local.isascii():
            self.fail("invalid")
        return value


class PhoneField(serializers.CharField):
    """Phone number; comes out as E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST)
        kwargs.setdefault("help_text", "E.164, such as +15005550006.")
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return e164(super().to_internal_value(data))
        except ValueError as fault:
            raise serializers.ValidationError(str(fault)) from None


class ShortListField(serializers.ListField):
    """List of at most `max_length` items. DRF's counts them after it has looked at each."""

    def to_internal_value(self, data: Any) -> Any:
        most = self.max_length
        if isinstance(data, list) and most is not None and len(data) > most:
            self.fail("max_length", max_length=most)
        return super().to_internal_value(data)


class SwitchField(serializers.BooleanField):
    """True or false, and none of the words and numbers that Django's field takes for them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


def with_plus(text: str) -> str:
    """A time of a query string, where an unescaped + arrives as a blank."""
    return _OFFSET.sub(r"\1+\2", text.strip())


class TimeParameter(serializers.DateTimeField):
    """Time in a query string."""

    def to_internal_value(self, value: Any) -> datetime:
        return super().to_internal_value(with_plus(value) if isinstance(value, str) else value)
