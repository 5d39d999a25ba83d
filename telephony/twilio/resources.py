"""What Twilio tells of an account, a number, a call or a message, parsed once and tolerantly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass(frozen=True)
class Account:
    """A Twilio account. `status` is active, suspended or closed."""

    friendly_name: str
    status: str


@dataclass(frozen=True)
class Capabilities:
    voice: bool
    sms: bool
    mms: bool


@dataclass(frozen=True)
class Number:
    """A phone number of the account, in E.164."""

    phone_number: str
    friendly_name: str
    capabilities: Capabilities


@dataclass(frozen=True)
class Sighting:
    """A call or a message as its provider shows it.

    Args:
        sid: the provider's name for it.
        status: the provider's word.
        created_at: when the provider took it; None where it does not say.
        duration: seconds, of a call that has ended.
        price: what it cost; the provider knows it some time after the end.
        proven: it carries the mark that AVA put on it.
        told_at: when the provider told it; None: just now.
        more: further facts, by the names of the columns that keep them.
    """

    sid: str
    status: str
    to: str = ""
    from_number: str = ""
    direction: str = ""
    created_at: datetime | None = None
    duration: int | None = None
    price: Decimal | None = None
    price_unit: str = ""
    error_code: int | None = None
    body: str = ""
    proven: bool = False
    told_at: datetime | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def account(found: Any) -> Account:
    return Account(text(found.friendly_name), text(found.status))


def number(found: Any) -> Number:
    can = found.capabilities if isinstance(found.capabilities, dict) else {}
    return Number(
        phone_number=text(found.phone_number),
        friendly_name=text(found.friendly_name),
        capabilities=Capabilities(*(can.get(kind) is True for kind in ("voice", "sms", "mms"))),
    )


def call(found: Any) -> Sighting:
    """From https://www.twilio.com/docs/voice/api/call-resource."""
    return Sighting(
        sid=_sid(found.sid),
        status=text(found.status),
        to=text(found.to),
        from_number=text(found._from),
        direction=text(found.direction),
        created_at=_moment(found.date_created),
        duration=whole(found.duration),
        price=price(found.price),
        price_unit=text(found.price_unit)[:3].upper(),
    )


def message(found: Any) -> Sighting:
    """From https://www.twilio.com/docs/messaging/api/message-resource."""
    return Sighting(
        sid=_sid(found.sid),
        status=text(found.status),
        to=text(found.to),
        from_number=text(found.from_),
        direction=text(found.direction),
        created_at=_moment(found.date_created),
        price=price(found.price),
        price_unit=text(found.price_unit)[:3].upper(),
        error_code=whole(found.error_code),
        body=text(found.body),
    )


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int | None:
    """A whole number, as Twilio writes them: some as numbers, some as text."""
    written = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def price(value: Any) -> Decimal | None:
    """An amount of money, of a size that a column holds."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return round(amount, 5) if amount.is_finite() and abs(amount) < 10_000 else None


def _sid(value: Any) -> str:
    """The resource's name. An answer without one is no answer (ValueError)."""
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise ValueError("no SID")
    return value


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=value.tzinfo or UTC)
