"""Faults of callbacks: twice, late, out of order or never, the same way in every run.

"Neither delivery nor order is guaranteed": https://www.twilio.com/docs/voice/api/call-resource
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Self

from sandbox.control_input import (
    Check,
    InvalidInputError,
    is_number,
    is_whole,
    parse_fields,
    whole,
)
from sandbox.phones.callback_order import Turn

SHUFFLE_S = 0.5


def _share(value: Any) -> str | None:
    return None if is_number(value) and 0 <= value <= 1 else "must be a number from 0 to 1"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _turns(value: Any) -> str | None:
    return None if value is None or isinstance(value, list) else "must be a list, or null"


_FIELDS: dict[str, Check] = {
    "order": _turns,
    "duplicate": _share,
    "drop": _share,
    "shuffle": _flag,
    "delay_ms": whole(0, 3_600_000),
    "seed": lambda value: None if is_whole(value) else "must be a whole number",
}


@dataclass(frozen=True)
class CallbackFaults:
    """Shares of callbacks that come twice (`duplicate`) or never (`drop`).

    `delay_ms` holds all of them back, `shuffle` each for another time of up to half a second.
    `seed` decides which ones. With an `order` they leave as it says, and nothing else applies.
    """

    duplicate: float = 0.0
    drop: float = 0.0
    shuffle: bool = False
    delay_ms: int = 0
    seed: int = 1
    order: list[Turn] | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """From JSON; what is not named stays without fault. Raises: InvalidInputError."""
        given = dict(parse_fields(value, _FIELDS, required=()))
        if given.get("order") is not None:
            given["order"] = [Turn.from_json(one) for one in given["order"]]
            if len(given) > 1:
                raise InvalidInputError("order stands alone: it says what comes, and when.")
        return replace(cls(), **given)

    def delays(self, mark: str) -> list[float]:
        """Seconds from now at which a callback is delivered: never, once or twice.

        Args:
            mark: what the callback is about, the same in every run.
        """
        if self._chance(mark, "drop") < self.drop:
            return []
        times = 2 if self._chance(mark, "duplicate") < self.duplicate else 1
        shuffled = SHUFFLE_S if self.shuffle else 0.0
        return [
            self.delay_ms / 1000 + shuffled * self._chance(mark, f"shuffle {copy}")
            for copy in range(times)
        ]

    def _chance(self, mark: str, what: str) -> float:
        digest = hashlib.sha256(f"{self.seed}|{mark}|{what}".encode()).digest()
        return int.from_bytes(digest[:7], "big") / 2**56
