"""Senders of messages, by the way they are written: phone numbers, and Twilio's other kinds.

https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id,
https://www.twilio.com/docs/messaging/services
"""

import re
from enum import StrEnum
from typing import Final

from ava.conf.pasted import plain, trimmed, visible
from ava.http.fields import e164

# From so many digits on it is a phone number without its +, not a short code.
PHONE_DIGITS: Final = 9
PATTERN: Final = r"\+[0-9 ().\-/]+|MG[0-9a-fA-F]{32}|[A-Za-z0-9 _+&\-]{1,11}"
_DIGITS: Final = re.compile(r"[0-9 ().\-/]+")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_SHORT_CODE: Final = re.compile(r"[0-9]{3,8}")
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 _+&\-]{1,11}")
_HOW: Final = (
    "Write a phone number such as +15005550006, a name of at most 11 letters and digits, a short "
    "code, or the SID of a Messaging Service (MG...)."
)


class Kind(StrEnum):
    """Kind of a message's sender. The value is shown."""

    NUMBER = "number"
    NAME = "name"
    SHORT_CODE = "short_code"
    SERVICE = "messaging_service"


LIMITS: Final = {
    Kind.NAME: "A name cannot receive: answers, STOP among them, do not arrive. It sends SMS only, "
    "makes no calls, and some countries refuse it, the United States and Canada among them; others "
    "want it registered at twilio.com first.",
    Kind.SHORT_CODE: "A short code reaches phones of its own country only, and makes no calls.",
    Kind.SERVICE: "Twilio chooses one of the service's senders for each message, and the limits of "
    "that one hold. It makes no calls.",
}


def sender(text: str) -> str:
    """The sender in its usual form. Raises: ValueError, with a sentence that says how to write
    one."""
    bare = plain(text)
    if bare.startswith("+") or bare[:4].lower() == "tel:":
        return e164(bare)
    if kind_of(written := trimmed(visible(text))) is not Kind.NUMBER:
        return written
    if kind_of(bare) is Kind.SHORT_CODE:
        return bare
    if _DIGITS.fullmatch(bare) and sum(map(str.isdigit, bare)) >= PHONE_DIGITS:
        return e164(bare)  # which says that its + is missing
    raise ValueError(_HOW)


def kind_of(written: str) -> Kind:
    """The kind of a sender in its usual form."""
    if _SERVICE.fullmatch(written):
        return Kind.SERVICE
    if _SHORT_CODE.fullmatch(written):
        return Kind.SHORT_CODE
    return Kind.NAME if _NAME.fullmatch(written) else Kind.NUMBER
