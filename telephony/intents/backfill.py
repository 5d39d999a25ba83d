"""Backfill of what a provider does not report of one that has ended: its price, its transcript.

No callback brings Twilio's price, and Vapi gives up a report that does not arrive. So AVA asks.
"""

from dataclasses import replace
from datetime import datetime

from ava.http.problems import Problem
from ava.jobs import RetryLater
from telephony.intents.channel import Channel
from telephony.intents.timeline import AnyCommunication, Source, observe


def fetch(intent: AnyCommunication, channel: Channel, *, now: datetime) -> None:
    """Fetch what is missing, if it is time to. Raises RetryLater: it is too early, or the provider
    does not have it yet."""
    since = now - intent.updated_at
    why = "the rest may come"
    if channel.owes(intent) and since >= channel.looks[0]:
        try:
            intent, why = _filled(intent, channel, now), "the provider does not have it all yet"
        except Problem as problem:
            why = problem.detail
    upcoming = next((look for look in channel.looks if look > since), None)
    if upcoming and channel.owes(intent):
        raise RetryLater((upcoming - since).total_seconds(), why)


def _filled(intent: AnyCommunication, channel: Channel, now: datetime) -> AnyCommunication:
    # These two are the line's, which has reported them already; Vapi's may be of another line.
    seen = replace(channel.fetch(intent), provider_sid=None)
    if getattr(intent, "duration", None) is not None:
        seen = replace(seen, duration=None)
    return observe(intent, seen, source=Source.FETCH, now=now)
