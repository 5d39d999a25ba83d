"""Lists of recipients, pasted or uploaded: a number to a line, or CSV. Pure."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LARGEST_FILE: Final = 60_000  # bytes: a little less than a form may have
TOO_LARGE: Final = "The file is larger than 60 kB. Leave out columns, or send it in parts."
NO_TEXT: Final = "This is no text. Save the table as CSV, then choose that file."

_SEPARATORS: Final = ",;\t"
_NAMED: Final = re.compile(
    r"(?i)\b(phone|telephone|tel|mobile|cell|number|msisdn|to|recipient|telefon|handy|nummer)\b"
)
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Recipients:
    """Numbers of a list. `lines` has the line of each, from 1."""

    numbers: Sequence[str]
    lines: Sequence[int]
    has_header: bool = False


def text_of(content: bytes) -> str:
    """Text of a file. Raises: ValueError, with a sentence for the person who chose it."""
    if len(content) > LARGEST_FILE:
        raise ValueError(TOO_LARGE)
    by_mark = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    for encoding in (by_mark, "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and not text.startswith("PK\x03\x04"):
            return text
        break
    raise ValueError(NO_TEXT)


def recipients(text: str) -> Recipients:
    """The numbers of a list: of the column that its header names, else of the first one.

    A first row without a digit is a header.
    """
    rows = [_cells(line) for line in text.splitlines()]
    filled = [place for place, cells in enumerate(rows) if any(cells)]
    if not filled:
        return Recipients([], [])
    first = rows[filled[0]]
    has_header = not any(character.isdigit() for cell in first for character in cell)
    named = (place for place, cell in enumerate(first) if _NAMED.search(cell))
    column = next(named, 0) if has_header else 0
    wanted = set(filled[has_header:])
    found = [
        (cells[column] if column < len(cells) else "", place + 1)
        for place, cells in enumerate(rows)
        if place in wanted
    ]
    return Recipients([cell for cell, _ in found], [line for _, line in found], has_header)


def _cells(line: str) -> list[str]:
    """Cells of one row. Quotes may hold separators, and no line breaks."""
    separator = max(_SEPARATORS, key=line.count)
    try:
        [cells] = csv.reader([line], delimiter=separator) if line else [[]]
    except csv.Error:
        cells = line.split(separator)
    return [cell.strip() for cell in cells]
