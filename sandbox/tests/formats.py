"""Formats of the providers' documents, as checks.

A checker lets every word pass the format of which it does not know, so all that are met are here.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit
from uuid import UUID

import phonenumbers
from jsonschema import FormatChecker

from sandbox.twilio.twiml import NotTwimlError, parse

Check = Callable[[object], bool]
_PARTY = re.compile(r"(\+[1-9]\d{6,14}|sips?:\S+|client:\S+|sim:\S+)", re.IGNORECASE)
_DAY = r"\d{4}-\d\d-\d\d"
_MOMENT = re.compile(_DAY + r"T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _of_text(check: Callable[[str], bool]) -> Check:
    """Only texts have a format; what is none is the type's to complain about."""

    def checked(value: object) -> bool:
        try:
            return not isinstance(value, str) or check(value)
        except ValueError:
            return False

    return checked


def rfc2822(text: str) -> bool:
    """Such as `Mon, 05 Jan 2026 08:00:00 +0000`: always UTC, and the right day of the week."""
    return format_datetime(parsedate_to_datetime(text).astimezone(UTC)) == text


def moment(text: str) -> bool:
    """A date and a time of RFC 3339."""
    return bool(_MOMENT.fullmatch(text)) and bool(datetime.fromisoformat(text))


def url(text: str) -> bool:
    """Absolute, http or https, no underscore in the host, nothing but ASCII and no blank."""
    parts = urlsplit(text)
    good = parts.scheme in ("http", "https") and bool(parts.hostname)
    return good and "_" not in str(parts.hostname) and bool(re.fullmatch(r"[!-~]+", text))


def e164(text: str) -> bool:
    """A number that may exist."""
    if not re.fullmatch(r"\+[1-9]\d{6,14}", text):
        return False
    return phonenumbers.is_possible_number(phonenumbers.parse(text))


def _twiml(text: str) -> bool:
    try:
        parse(text)
    except NotTwimlError:
        return False
    return len(text) <= 4000


_BOTH: Mapping[str, Check] = {
    "binary": lambda value: True,
    "currency": _of_text(lambda text: bool(re.fullmatch(r"[A-Z]{3}|[a-z]{3}", text))),
    "date": _of_text(lambda text: bool(re.fullmatch(_DAY, text))),
    "date-time": _of_text(moment),
    "date-time-rfc-2822": _of_text(rfc2822),
    "endpoint": _of_text(lambda text: bool(_PARTY.fullmatch(text))),
    "http-method": _of_text(lambda text: text in ("GET", "POST")),
    "int64": lambda value: not isinstance(value, int) or abs(value) < 2**63,
    "phone-number": _of_text(e164),
    "phone-number-capabilities": lambda value: not isinstance(value, str),
    "twiml": _of_text(_twiml),
    "uri-map": lambda value: (
        not isinstance(value, dict)
        or all(str(one).startswith("/2010-04-01/") for one in value.values())
    ),
    "uuid": _of_text(lambda text: str(UUID(text)) == text.lower()),
}
# Twilio shows its own addresses without a host, and one that is not set as "".
ANSWERED = {**_BOTH, "uri": _of_text(lambda text: text == "" or text[0] == "/" or url(text))}
ASKED = {**_BOTH, "uri": _of_text(url)}


def checker(formats: Mapping[str, Check]) -> FormatChecker:
    """The same for a JSON schema's validator."""
    made = FormatChecker(formats=())
    for name, check in formats.items():
        made.checks(name)(check)
    return made
