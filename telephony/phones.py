"""Phone numbers as E.164 (https://www.twilio.com/docs/glossary/what-e164)."""

import re

import phonenumbers

_WRITTEN = re.compile(r"\+[0-9 ().\-/]+")


def e164(text: str) -> str:
    """The number in E.164.

    Raises:
        ValueError: with a sentence that says how to write it.
    """
    text = text.strip()
    if not text.startswith("+"):
        raise ValueError("Begin with + and the country code, such as +15005550006.")
    if len(text) > 32 or not _WRITTEN.fullmatch(text):
        raise ValueError("Use digits only after the +, such as +15005550006.")
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        said = "This is no country code and number. Write it like +15005550006."
        raise ValueError(said) from None
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        case phonenumbers.ValidationResult.TOO_SHORT:
            raise ValueError("This number has too few digits.")
        case phonenumbers.ValidationResult.TOO_LONG:
            raise ValueError("This number has too many digits.")
        case phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            raise ValueError("This number lacks its area code.")
        case _:
            raise ValueError("No number of that country has this many digits.")
