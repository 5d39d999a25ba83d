"""Whose it is that was found at the provider, where several that were lost look alike."""

from datetime import datetime, timedelta

from ava.jobs import RetryLater
from telephony.intents import sharing
from telephony.intents.followup import settle
from telephony.intents.record import ProviderRecord
from telephony.intents.timeline import AnyIntent, rows_of


def likeliest(intent: AnyIntent, record: ProviderRecord, *, now: datetime) -> AnyIntent | None:
    """Who sent what was seen, as far as its looks tell: of all that are looked for the one whose
    attempt is nearest to its creation. None: it is no longer open whose it is.

    Raises:
        RetryLater: one of them may still get its answer, or its callback, which are proof. That is
            waited for where it began before this one had settled, and where it is the nearest:
            what is sent later keeps nobody waiting.
    """
    holding = rows_of(intent).filter(**{intent.reference_field: record.reference})
    if sharing.rivals(intent, holding):
        return None
    attempts = {one: one.attempted_at for one in _lost(intent) if one.attempted_at}
    if intent not in attempts:
        return None
    seen = record.created_at

    def distance(one: AnyIntent) -> tuple[timedelta, datetime, str]:
        apart = abs(attempts[one] - seen) if seen else timedelta(0)
        return apart, attempts[one], str(one.pk)

    nearest = min(attempts, key=distance)
    settled = attempts[intent] + settle()
    last = max([attempts[nearest], *(at for at in attempts.values() if at < settled)])
    if (wait := last + settle() - now) > timedelta(0):
        raise RetryLater(wait.total_seconds(), "it may be another one's")
    return nearest


def _lost(intent: AnyIntent) -> list[AnyIntent]:
    """This one and its like, of which nobody knows whether the provider has them."""
    alike = rows_of(intent).filter(sharing.lost_alike(intent))
    return [
        one
        for one in sharing.rivals(intent, alike)
        if one.reference_field == intent.reference_field
        and one.reference is None
        and one.wording == intent.wording
    ]
