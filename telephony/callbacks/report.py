"""Report: a stored webhook of Twilio's, parsed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from ava.inbound.models import Delivery


@dataclass(frozen=True)
class Report:
    """A webhook of Twilio's.

    Args:
        owner: the user whose account it is about; None for the operator.
        holders: whose token signed it, the one whose account received it first: the IDs that it
            names are theirs.
        marked: the row whose mark the address carries.
        sid, status: of what it is about, in Twilio's words.
        at: when it came, which may be long ago.
    """

    owner: User | None
    holders: list[str]
    marked: str | None
    sid: str
    status: str
    form: Mapping[str, str]
    at: datetime

    @property
    def holder(self) -> str:
        return self.holders[0]


def read(delivery: Delivery) -> Report:
    payload = delivery.payload
    return Report(
        owner=delivery.owner,
        holders=payload["holders"],
        marked=next(iter(payload["marked"].values()), None),
        sid=payload["sid"],
        status=payload["status"],
        form=payload["form"],
        at=delivery.received_at,
    )
