"""Resources of Twilio's (numbers, calls, messages), parsed once and tolerantly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from telephony.intents.channel import ProviderRecord
from telephony.twilio.errors import sentence

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
