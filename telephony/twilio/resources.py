"""Resources of Twilio's (numbers, calls, messages), parsed once and tolerantly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from integrations.sender_kinds import LIMITS, Kind
from telephony.intents.channel import ProviderRecord
from telephony.twilio.errors import sentence

# Fields of webhooks that rows have columns for, or that say the same once more.
_IN_COLUMNS: Final = frozenset(
    (
        "AccountSid", "ApiVersion", "Body", "CallSid", "CallStatus", "Called", "Caller",
        "Direction", "From", "MessageSid", "MessageStatus", "NumMedia", "SmsMessageSid", "SmsSid",
        "SmsStatus", "To",
    )
)  # fmt: skip
_OF_MEDIA: Final = re.compile(r"Media(?:Url|ContentType)[0-9]{1,2}")
_TWICE: Final = re.compile(r"Call(?:er|ed)(?:City|State|Zip|Country)")  # as From... and To...
MOST_MEDIA: Final = 100
# Words that only the callback has.
_STATUS: Final[Mapping[str, str]] = {"initiated": "queued", "answered": "in-progress"}


@dataclass(frozen=True)
class Number:
    """A phone number of the account, in E.164, with its capabilities."""

    phone_number: str
    friendly_name: str
    voice: bool
    sms: bool
    mms: bool


@dataclass(frozen=True)
class Sender:
    """Sender of the account's messages that is not a number."""

    sender: str  # its SID or its digits
    kind: Kind
    friendly_name: str

    @property
    def limits(self) -> str:
        return LIMITS[self.kind]


def service(found: Any) -> Sender:
    return Sender(text(found.sid), Kind.SERVICE, text(found.friendly_name))


def short_code(found: Any) -> Sender:
    return Sender(text(found.short_code), Kind.SHORT_CODE, text(found.friendly_name))


def number(found: Any) -> Number:
    can = found.capabilities if isinstance(found.capabilities, dict) else {}
    return Number(
        phone_number=text(found.phone_number),
        friendly_name=text(found.friendly_name),
        **{kind: can.get(kind) is True for kind in ("voice", "sms", "mms")},
    )


def record(found: Any) -> ProviderRecord:
    """A call or a message. Raises: ValueError: without a SID it is no answer."""
    if not 0 < len(text(found.sid)) <= 64:
        raise ValueError("no SID")
    return ProviderRecord(
        reference=found.sid,
        status=text(found.status),
        created_at=created_at(found),
        duration=_whole(getattr(found, "duration", None)),
        price=_price(found.price),
        price_unit=text(found.price_unit)[:3].upper(),
        **_error(getattr(found, "error_code", None)),
    )


def report(
    *, sid: str, word: str, form: Mapping[str, str], reported_at: datetime
) -> ProviderRecord:
    """A call or a message as a webhook reports it."""
    return ProviderRecord(
        reference=sid,
        status=status(word),
        reported_at=reported_at,
        duration=_whole(form.get("CallDuration")),
        **_error(form.get("ErrorCode")),
    )


def media(form: Mapping[str, str]) -> list[dict[str, str]]:
    """Media of an MMS that came in: the address and the type of each. Nothing is fetched."""
    return [
        {"url": url, "content_type": form.get(f"MediaContentType{number}", "")}
        for number in range(MOST_MEDIA)
        if (url := form.get(f"MediaUrl{number}"))
    ]


def details(form: Mapping[str, str]) -> dict[str, str]:
    """Details of a webhook for which rows have no columns: places and names of the caller, a
    location, what WhatsApp, SIP and carriers add. By Twilio's names
    (https://www.twilio.com/docs/messaging/guides/webhook-request)."""
    return {
        name: value
        for name, value in form.items()
        if value
        and name not in _IN_COLUMNS
        and not _OF_MEDIA.fullmatch(name)
        and not _TWICE.fullmatch(name)
    }


def status(word: str) -> str:
    """The status that a word of Twilio's stands for."""
    return _STATUS.get(word, word)


def is_by_api(found: Any) -> bool:
    """Whether it was ordered over the API, as AVA's are: a leg that TwiML dialled was not."""
    return text(found.direction) in ("outbound-api", "")


def created_at(found: Any) -> datetime | None:
    """The moment at which Twilio took a call or a message."""
    made = found.date_created
    return made.replace(tzinfo=made.tzinfo or UTC) if isinstance(made, datetime) else None


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    """A whole number, as Twilio writes them: some as numbers, some as text."""
    written = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def _price(value: Any) -> Decimal | None:
    """An amount of money, of a size that a column holds."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return round(amount, 5) if amount.is_finite() and abs(amount) < 10_000 else None


def _error(value: Any) -> dict[str, Any]:
    code = _whole(value) or None
    return {"error_code": code, "error": sentence(code) if code else ""}
