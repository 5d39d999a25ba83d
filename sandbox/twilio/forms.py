"""Form-encoded bodies, and Twilio's SIDs and dates."""

import uuid
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl

from sandbox.wire import Request


class Form:
    """The fields of a request's body; an empty one counts as not there."""

    def __init__(self, request: Request) -> None:
        text = request.body.decode("utf-8", "replace")
        self._fields: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            self._fields.setdefault(name, []).append(value)

    def get(self, name: str) -> str:
        """The last value of a field, or nothing."""
        return self._fields.get(name, [""])[-1]

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return self._fields.get(name, [])

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def method(self, name: str) -> str:
        """GET or POST, which is the default."""
        return "GET" if self.get(name).upper() == "GET" else "POST"

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        text = self.get(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def new_sid(prefix: str) -> str:
    """A SID. Random, as an app's database outlives the sandbox and must not meet it again."""
    return prefix + uuid.uuid4().hex


def snake_case(name: str) -> str:
    """A parameter's name as fields of resources have it: `voice_url` for `VoiceUrl`."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def rfc2822(moment: datetime | None) -> str | None:
    """A time as resources show it."""
    return format_datetime(moment) if moment else None
