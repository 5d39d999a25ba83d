"""Pasted text: characters that show as nothing, look-alikes of blanks and hyphens, digits of other
scripts. Word processors, chats and address books put them into what people copy. Pure."""

import re
import unicodedata
from typing import Final

# Unicode's default-ignorable characters: soft hyphen, zero-width characters, directional marks,
# variation selectors, tags (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point);
# and the marks of annotations.
_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_INVISIBLE: Final = re.compile(f"[{_IGNORABLE}]")
_BLANKS: Final = re.compile(rf"[\s{_IGNORABLE}]*")
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))


def visible(text: str) -> str:
    """The text without characters that show as nothing."""
    return _INVISIBLE.sub("", text)


def trimmed(text: str) -> str:
    """The text without blanks and invisible characters around it."""
    # A pattern for the end alone would start again at each blank of a long run within.
    return _from_text(_from_text(text)[::-1])[::-1]


def _from_text(text: str) -> str:
    blanks = _BLANKS.match(text)
    return text[blanks.end() :] if blanks else text


def folded(text: str) -> str:
    """Form of a name that all its spellings share: in any case, composed or decomposed, whatever is
    around it."""
    lower = unicodedata.normalize("NFKC", trimmed(text)).casefold()
    return unicodedata.normalize("NFKC", lower)


def plain(text: str) -> str:
    """The text in ASCII as far as it can be: full-width characters and the digits of all scripts
    as ASCII, every dash as a hyphen, every blank as a space, nothing invisible, none around it."""
    narrow = unicodedata.normalize("NFKC", visible(text)).translate(_DASHES)
    return "".join(_plain(character) for character in narrow).strip()


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character.isspace():
        return " "
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
