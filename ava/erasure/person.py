"""A person to be forgotten: found in texts by number or address, replaced by a placeholder."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN = str.maketrans("", "", " -./()")


@dataclass
class Person:
    """A number in E.164, or an e-mail address."""

    text: str
    # Random: nothing leads back from it. One for a run, so that the rows still belong together.
    placeholder: str = field(default_factory=lambda: f"forgotten-{secrets.token_hex(4)}")
    # IDs of rows about the person, of their correlation and at providers, as apps find them.
    references: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, typed: str) -> "Person":
        """Raises: ValueError."""
        number = typed.translate(_BETWEEN)
        if _NUMBER.fullmatch(number):
            return cls(number)
        local, at, domain = typed.strip().rpartition("@")
        if not (local and at and domain and " " not in typed.strip()):
            raise ValueError("must be a phone number such as +14155550123, or an e-mail address")
        return cls(typed.strip().lower())

    @property
    def is_number(self) -> bool:
        return self.text.startswith("+")

    @property
    def needle(self) -> str:
        """Text that every spelling contains, for the database to look for."""
        return self.text.removeprefix("+")

    @property
    def pattern(self) -> re.Pattern[str]:
        """Every spelling, but no longer number or address that contains it."""
        core = re.escape(self.needle)
        if self.is_number:
            return re.compile(rf"(?<![0-9])(\+|%2B)?{core}(?![0-9])", re.IGNORECASE)
        return re.compile(rf"(?<![\w.+-]){core}(?![\w-]|\.\w)", re.IGNORECASE)

    def is_in(self, value: Any) -> bool:
        return bool(self.without(value) != value)

    def without(self, value: Any) -> Any:
        """A text, or JSON with texts in it, with the placeholder in place of the person."""
        if isinstance(value, str):
            return self.pattern.sub(self.placeholder, value)
        if isinstance(value, list):
            return [self.without(one) for one in value]
        if isinstance(value, dict):
            return {self.without(name): self.without(one) for name, one in value.items()}
        return value
