"""Reports of Twilio: stored webhooks, parsed; statuses applied to rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from ava.inbound.models import Delivery
from ava.intents.timeline import Source
from telephony.calls.models import Call
from telephony.intents import adoption
from telephony.intents.channel import ProviderRecord
from telephony.intents.timeline import observe
from telephony.messages.models import Message
from telephony.twilio import resources


@dataclass(frozen=True)
class Report:
    """A stored webhook of Twilio's, parsed. The IDs that it names are those of its holders."""

    owner: User | None  # whose account it is about; None: the operator's
    holders: list[str]  # whose token signed it, the one whose account received it first
    marked: str | None  # the row whose mark the address carries
    sid: str
    status: str  # in Twilio's words
    form: Mapping[str, str]
    at: datetime  # when it came, which may be long ago

    @property
    def holder(self) -> str:
        return self.holders[0]

    @property
    def record(self) -> ProviderRecord:
        """The call or message as Twilio shows it here."""
        return resources.report(sid=self.sid, word=self.status, form=self.form, reported_at=self.at)


def read(delivery: Delivery) -> Report:
    payload = delivery.payload
    return Report(
        owner=delivery.owner,
        marked=next(iter(payload["marked"].values()), None),
        at=delivery.received_at,
        **{name: payload[name] for name in ("holders", "sid", "status", "form")},
    )


def apply(report: Report, model: type[Call] | type[Message], *, now: datetime) -> None:
    """Apply a status to the row that it is about. What AVA did not place is passed over."""
    record = report.record
    if report.marked is not None:
        row = model.objects.filter(pk=report.marked).first()
        if row is not None:
            adoption.adopt(row, record, source=Source.CALLBACK, proven=True, now=now)
        return
    for row in model.objects.filter(provider_sid=report.sid, holder__in=report.holders):
        observe(row, record, source=Source.CALLBACK, now=now)
