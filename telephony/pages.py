"""Story of a call or a message, as its page shows it."""

from collections.abc import Sequence
from typing import Any, Final

from ava.intents import stories
from telephony.intents.models import Communication

# What may become known after the end: a price or a transcript comes later.
_LATE: Final = ("price", "duration", "transcript", "summary", "recording_url", "stop_requested")


class Story(stories.Story):
    row: Communication

    @staticmethod
    def facts(row: Communication) -> Sequence[Any]:
        return [getattr(row, name, None) for name in _LATE]

    @staticmethod
    def is_open(row: Communication) -> bool:
        return row.is_billed
