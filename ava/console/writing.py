"""Times, numbers and money as people read them. Pure, but for the time zone of the process."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import phonenumbers

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def ago(moment: datetime, now: datetime) -> str:
    """ "3 min ago", "in 2 h"; the date from a week on."""
    away = now - moment
    seconds = abs(away.total_seconds())
    if seconds < 60:
        return "just now" if away >= timedelta(0) else "in a moment"
    if seconds < 3600:
        text = f"{int(seconds // 60)} min"
    elif seconds < 86400:
        text = f"{int(seconds // 3600)} h"
    elif seconds < 7 * 86400:
        text = f"{int(seconds // 86400)} d"
    else:
        return date(moment, now)
    return f"{text} ago" if away >= timedelta(0) else f"in {text}"


def exact(moment: datetime) -> str:
    """As `ava.http.formats` has it, in a quarter of the time of Django's `localize`."""
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"


def date(moment: datetime, now: datetime) -> str:
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year}"


def duration(seconds: float) -> str:
    """2:31, or 1:02:31."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@lru_cache(maxsize=10_000)
def phone(number: str) -> str:
    """An E.164 number in groups, as its country writes it; anything else as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def symbol(currency: str) -> str:
    """What stands before an amount: $, or CHF with a blank."""
    return _SYMBOLS.get(currency.upper()) or f"{currency.upper()} "


def money(amount: Decimal | float, currency: str) -> str:
    """$0.31; small prices with all of their digits: $0.0079."""
    value = abs(Decimal(str(amount)))
    digits = 2 if value >= Decimal("0.1") or not value else 4
    text = f"{value:,.{digits}f}"
    symbol = _SYMBOLS.get(currency.upper())
    return f"{symbol}{text}" if symbol else f"{text} {currency.upper()}".strip()
