"""Provider record: a call or a message as its provider shows it, in no provider's shape. Pure."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal


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
