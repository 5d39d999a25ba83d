"""Vapi's record of a call: one parser for its REST answers and its webhooks. Pure.

https://docs.vapi.ai/api-reference/calls/get, https://docs.vapi.ai/server-url/events
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from ava.inbound.limits import SUMMARY, TEXT, TRANSCRIPT, cut
from vapi_settings.reading import moment, money, part, text

NAME_LENGTH: Final = 64
"""No provider's name for a call, an assistant or a number is longer."""
MOST_MARKS: Final = 20
MARKS: Final = "ava_"
"""How the names of AVA's own metadata begin."""


@dataclass(frozen=True)
class VapiCall:
    """A call as Vapi sees it.

    Attributes:
        inbound: whether somebody called, not Vapi.
        person: the number of the person who talks with the assistant, as Vapi knows it.
        id: "" for what is none.
        status: Vapi's word: scheduled, queued, ringing, in-progress, forwarding, ended; or "".
        provider_sid: the call's SID at Twilio, once there is one.
        cost: US dollars.
        metadata: AVA's own marks, and nothing else of what the assistant carries.
        control_url: takes orders for the running call from all who know it.
    """

    id: str
    status: str
    inbound: bool
    person: str
    assistant_id: str | None
    phone_number_id: str | None
    provider_sid: str | None
    ended_reason: str | None
    cost: Decimal | None
    transcript: str | None
    recording_url: str | None
    summary: str | None
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    metadata: Mapping[str, str] = field(hash=False)
    control_url: str = field(repr=False)


def call(found: Mapping[str, Any], report: Mapping[str, Any] | None = None) -> VapiCall:
    """The call.

    Args:
        found: Vapi's call object.
        report: the message it came in, which says some things instead of the call.
    """
    said = {**found, **{name: value for name, value in (report or {}).items() if value is not None}}
    artifact = part(said, "artifact")
    return VapiCall(
        id=_name(found.get("id")),
        status=cut(text(said.get("status")), TEXT),
        inbound=text(found.get("type")) == "inboundPhoneCall",
        person=cut(_person(part(said, "customer") or part(found, "customer")), TEXT),
        assistant_id=_name(found.get("assistantId")) or None,
        phone_number_id=_name(found.get("phoneNumberId")) or None,
        provider_sid=_provider_sid(found),
        ended_reason=cut(text(said.get("endedReason")), TEXT) or None,
        cost=money(said.get("cost")),
        transcript=cut(_first(artifact.get("transcript"), said.get("transcript")), TRANSCRIPT)
        or None,
        recording_url=_recording_url(artifact),
        summary=cut(_first(part(said, "analysis").get("summary"), said.get("summary")), SUMMARY)
        or None,
        created_at=moment(found.get("createdAt")),
        started_at=moment(said.get("startedAt")),
        ended_at=moment(said.get("endedAt")),
        metadata=marks(part(found, "assistantOverrides", "metadata")),
        control_url=text(part(found, "monitor").get("controlUrl")),
    )


def marks(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    """AVA's own marks in a call's metadata."""
    found = {
        name: value
        for name, value in metadata.items()
        if name.startswith(MARKS) and len(name) <= NAME_LENGTH
        if isinstance(value, str) and len(value) <= 128
    }
    return dict(islice(found.items(), MOST_MARKS))


def _person(customer: Mapping[str, Any]) -> str:
    """The number of a person; by SIP it is the user part of an address: sip:+14155550123@..."""
    by_sip = text(customer.get("sipUri")).partition(":")[2].partition("@")[0]
    return text(customer.get("number")) or by_sip


def _provider_sid(found: Mapping[str, Any]) -> str | None:
    # The first is deprecated, and still what arrives.
    given = (found.get("phoneCallProviderId"), part(found, "transport").get("callSid"))
    return next(filter(None, map(_name, given)), None)


def _first(*values: Any) -> str:
    return next(filter(None, map(text, values)), "")


def _name(value: Any) -> str:
    """A provider's name for a call; "" for what is none."""
    name = text(value)
    return name if len(name) <= NAME_LENGTH else ""


def _recording_url(artifact: Mapping[str, Any]) -> str | None:
    """A link that lasts: the presigned ones are keys, and expire."""
    recording = part(artifact, "recording")
    candidates = (
        part(recording, "mono").get("combinedUrl"),
        artifact.get("recordingUrl"),
        recording.get("stereoUrl"),
        artifact.get("stereoRecordingUrl"),
    )
    return next((text(url) for url in candidates if _is_link(url)), None)


def _is_link(url: Any) -> bool:
    return text(url).startswith(("https://", "http://")) and len(url) <= 2000
