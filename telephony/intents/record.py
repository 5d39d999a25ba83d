"""Provider record: a call or a message as its provider shows it, in no provider's shape. Pure."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class ProviderRecord:
    """A call or a message as its provider shows it.

    Args:
        reference: the provider's ID.
        status: a word of `states`; any other changes nothing.
        created_at: when the provider took it; None where it does not say.
        reported_at: when the provider reported it; None: just now.
        proven: it carries the mark that AVA put on it.
        error: what `error_code` means, in a sentence.
        duration: seconds, of a call that has ended.
        price: what it cost; the provider knows it some time after the end.
        provider_sid: Twilio's ID of a call that another provider leads.
    """

    reference: str
    status: str
    created_at: datetime | None = None
    reported_at: datetime | None = None
    proven: bool = False
    error_code: int | None = None
    error: str = ""
    duration: int | None = None
    price: Decimal | None = None
    price_unit: str = ""
    provider_sid: str | None = None
    ended_reason: str = ""
    summary: str | None = None
    transcript: str | None = None
    recording_url: str = ""


_OF_THE_PROVIDER = {"reference", "status", "created_at", "reported_at", "proven"}
FACTS = [one.name for one in fields(ProviderRecord) if one.name not in _OF_THE_PROVIDER]
"""Members that are kept in columns of the same names, where a row has them."""
