"""Channel: how one kind of intent is sent, found again and fetched."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from telephony.intents.record import ProviderRecord


@dataclass(frozen=True)
class Account:
    """The provider account that an attempt goes out with."""

    sid: str  # the provider's name for it; "" where none is kept
    holder: str  # whose it is: a user's ID, or operator


class Channel(Protocol):
    """A provider, for one intent. All raise Problem, as clients do; `search` also RetryLater, where
    it is still open."""

    provider: str  # the name of its door out
    backfill_delays: tuple[timedelta, ...]  # from its end to each backfill

    def reports(self, intent: Any) -> bool:
        """Whether the provider is expected to report by itself how it goes on."""

    def prepare(self, intent: Any) -> Account:
        """The account for the next attempt, if that may be made."""

    def send(self, intent: Any) -> ProviderRecord:
        """Ask the provider to do it, once. Never repeated unless it certainly never left."""

    def search(self, intent: Any, since: datetime) -> list[ProviderRecord]:
        """Records made since then that may be this one's: an empty list means that the provider
        certainly has none. `proven` ones carry this intent's mark."""

    def fetch(self, intent: Any) -> ProviderRecord:
        """The provider's record of it now."""

    def is_incomplete(self, intent: Any) -> bool:
        """Whether something is missing that the provider gives after the end."""

    def end(self, intent: Any, reference: str) -> ProviderRecord | None:
        """Stop it, or one that was placed a second time. None: there is nothing to stop."""
