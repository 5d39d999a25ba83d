"""Fakes for what a capture must not hold: numbers, addresses, texts. Pure.

A capture is made of what is known to be harmless, never of what was recorded with parts taken out.
"""

import re
from collections.abc import Collection, Container
from itertools import chain, repeat
from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_ELSEWHERE: Final = "US"
_FILLER: Final = "text "
_SEGMENT: Final = re.compile(r"[A-Z][A-Za-z]{1,30}(\.json)?")
_FIRST: Final = re.compile(r"[a-z][a-z-]{0,30}|[A-Z][A-Za-z]{1,30}")
_STATUS: Final = re.compile(r"[1-5][0-9]{2}")


class Fakes:
    """Fakes of one capture: the same for the same value, each one for one value only.

    Args:
        real: numbers that no fake may be, however it comes about.
    """

    def __init__(self, real: Collection[str] = ()) -> None:
        self._real = {_digits(number) for number in real}
        self._made: dict[tuple[str, str], str] = {}

    def number(self, number: str) -> str:
        """A valid phone number of the same country and kind that nobody in the capture has."""
        return self._same("number", number, lambda: self._new_number(number))

    def address(self, address: str) -> str:
        """An e-mail address at example.com."""
        return self._same("address", address.lower(), self._new_address)

    def name(self, name: str) -> str:
        """A name in small letters."""
        return self._same("name", name, lambda: f"custom_{self._count('name') + 1}")

    def _same(self, kind: str, value: str, make: Any) -> str:
        if (kind, value) not in self._made:
            self._made[kind, value] = make()
        return self._made[kind, value]

    def _count(self, kind: str) -> int:
        return sum(one == kind for one, _ in self._made)

    def _new_address(self) -> str:
        return f"person{self._count('address') + 1}@example.com"

    def _new_number(self, number: str) -> str:
        taken = self._real | {_digits(one) for one in self._made.values()} | {_digits(number)}
        example = _example(number)
        digits = str(example.national_number)
        for step in range(10_000):
            national = digits[:-4] + f"{(int(digits[-4:]) + step) % 10_000:04}"
            made = phonenumbers.PhoneNumber(example.country_code, int(national))
            text: str = phonenumbers.format_number(made, PhoneNumberFormat.E164)
            if phonenumbers.is_valid_number(made) and _digits(text) not in taken:
                return text
        raise ValueError("no number of that country is left")


def text(original: str) -> str:
    """A text of the same length that says nothing."""
    length = max(len(original), 1)
    filled = (_FILLER * (length // len(_FILLER) + 1))[:length]
    return filled[:-1] + "." if filled.endswith(" ") else filled


def value(original: Any) -> Any:
    """JSON of the same shape that says nothing: names, texts and numbers are replaced."""
    match original:
        case bool() | None:
            return original
        case str():
            return text(original)
        case int() | float():
            return type(original)(1)
        case list():
            return [value(one) for one in original]
        case dict():
            return {f"name{at}": value(one) for at, one in enumerate(original.values(), 1)}
    return None


def word(status: str, words: Container[str]) -> str:
    """A status as it is, where it is one of the words or an HTTP status."""
    return status if status in words or _STATUS.fullmatch(status) else "*"


def path(real: str) -> str:
    """A provider's path: the names of its collections, without anybody's IDs."""
    patterns = chain((_FIRST,), repeat(_SEGMENT))
    parts = [part for part in real.split("/") if part]
    kept = [
        part if known.fullmatch(part) else "*" for part, known in zip(parts, patterns, strict=False)
    ]
    return "/" + "/".join(kept)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _example(number: str) -> Any:
    try:
        parsed = phonenumbers.parse(number, None)
        region = phonenumbers.region_code_for_number(parsed) or _ELSEWHERE
        kind = phonenumbers.number_type(parsed)
    except phonenumbers.NumberParseException:
        region, kind = _ELSEWHERE, PhoneNumberType.FIXED_LINE_OR_MOBILE
    found = phonenumbers.example_number_for_type(region, kind)
    found = found or phonenumbers.example_number(region)
    return found or phonenumbers.example_number(_ELSEWHERE)
