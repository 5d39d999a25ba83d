"""Ledger of the clients: what was asked, how it was answered, and what AVA acknowledged."""

import threading
from collections import defaultdict
from dataclasses import dataclass

NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Attempt:
    """One request of a client's.

    Attributes:
        kind: of the errand.
        began, ended: monotonic seconds.
        status: 0 without an answer.
        code: of the problem, `NO_ANSWER`, or empty.
        offence: what the contract does not allow in this answer, or nothing.
    """

    kind: str
    began: float
    ended: float
    status: int
    code: str = ""
    offence: str = ""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 400


class Ledger:
    """Written by many threads, read in the end.

    Attributes:
        attempts: all of them, in the order of their ends.
        wanted: the marks of what was asked for, by kind.
        told: the marks of what was acknowledged, by kind; each with the answer's ID.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.attempts: list[Attempt] = []
        self.wanted: dict[str, set[str]] = defaultdict(set)
        self.told: dict[str, dict[str, str]] = defaultdict(dict)

    def want(self, kind: str, mark: str) -> None:
        with self._lock:
            self.wanted[kind].add(mark)

    def note(self, attempt: Attempt) -> None:
        with self._lock:
            self.attempts.append(attempt)

    def tell(self, kind: str, mark: str, row_id: str) -> None:
        with self._lock:
            self.told[kind][mark] = row_id

    def between(self, began: float, ended: float) -> list[Attempt]:
        """Attempts that were under way in this time."""
        with self._lock:
            return [one for one in self.attempts if one.began < ended and one.ended > began]

    def since(self, began: float) -> list[Attempt]:
        """Attempts that began later."""
        with self._lock:
            return [one for one in self.attempts if one.began >= began]
