"""Channel: how one kind of intent is sent and found again, and what its provider shows. Pure."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True)
class ProviderRecord:
    """A call or a message as its provider shows it."""

    reference: str  # the provider's ID
    status: str  # a word of `states`; any other changes nothing
    created_at: datetime | None = None  # when the provider took it
    reported_at: datetime | None = None  # None: just now
    proven: bool = False  # it carries the mark that AVA put on it
    error_code: int | None = None
    error: str = ""  # what the code means, in a sentence
    duration: int | None = None  # seconds, of a call that has ended
    price: Decimal | None = None  # known some time after the end
    price_unit: str = ""
    provider_sid: str | None = None  # Twilio's ID of a call that another provider leads
    ended_reason: str = ""
    summary: str | None = None
    transcript: str | None = None
    recording_url: str = ""


_OF_THE_PROVIDER = {"reference", "status", "created_at", "reported_at", "proven"}
FACTS = [one.name for one in fields(ProviderRecord) if one.name not in _OF_THE_PROVIDER]
"""Members that are kept in columns of the same names, where a row has them."""


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
