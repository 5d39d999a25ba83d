"""Records of Vapi's: assistants, numbers and calls, from its answers and webhooks. Pure.

https://docs.vapi.ai/api-reference, https://docs.vapi.ai/server-url/events

Read tolerantly: what is not as documented is not there. Only what is named here leaves this module,
but for an assistant's document: Vapi's bodies carry Twilio tokens, SIP passwords, server secrets.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from ava.inbound.limits import SUMMARY, TEXT, TRANSCRIPT, cut
from vapi_settings.diff import levels

MAX_DEPTH: Final = 100
YEARS: Final = (1970, 2100)
ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
SIP_URI: Final = re.compile(
    r"sips?:[a-z0-9._~+-]{1,64}@(?:[a-z0-9-]{1,63}\.){0,3}vapi\.ai", re.IGNORECASE
)
NAME_LENGTH: Final = 64
"""No provider's name for a call, an assistant or a number is longer."""
MOST_MARKS: Final = 20
MARKS: Final = "ava_"
"""Prefix of the names of AVA's own metadata."""


class NoRecord(ValueError):
    """An answer that cannot be read, or not be sent back as it came."""


@dataclass(frozen=True)
class Part:
    """Model, voice or transcriber of an assistant: "openai" and "gpt-4o", "11labs" and "sarah"."""

    provider: str
    name: str


@dataclass(frozen=True)
class Summary:
    """A Vapi assistant, as lists show it."""

    id: str
    name: str
    model: Part | None
    voice: Part | None
    transcriber: Part | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class Assistant:
    """A Vapi assistant. Its `document` is everything Vapi sent, to be changed without loss: it may
    hold keys, leaves the process sealed, and stays out of logs and answers."""

    summary: Summary
    document: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        return self.summary.id


@dataclass(frozen=True)
class PhoneNumber:
    """A phone number at Vapi."""

    id: str
    number: str  # E.164; "" for one that is reached by SIP only
    name: str
    provider: str
    status: str
    assistant_id: str | None
    sip_uri: str  # at which the assistant answers, on one of Vapi's hosts; "" for none
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class VapiCall:
    """A call as Vapi sees it."""

    id: str
    status: str  # scheduled, queued, ringing, in-progress, forwarding, ended; or ""
    inbound: bool
    person: str  # the number of the person who talks with the assistant
    assistant_id: str | None
    phone_number_id: str | None
    provider_sid: str | None  # the call's SID at Twilio, once there is one
    ended_reason: str | None
    cost: Decimal | None  # US dollars
    transcript: str | None
    recording_url: str | None
    summary: str | None
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    metadata: Mapping[str, str] = field(hash=False)  # AVA's own marks only
    control_url: str = field(repr=False)  # takes orders from all who know it


def text(value: Any) -> str:
    """The text, showable: a half surrogate pair becomes a question mark, U+0000 nothing."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode().replace("\0", "")


def moment(value: Any) -> datetime | None:
    """An ISO 8601 time in UTC, of our days; one without a zone is taken for UTC."""
    try:
        found = datetime.fromisoformat(text(value))
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if YEARS[0] <= found.year <= YEARS[1] else None


def timestamp(value: Any) -> datetime | None:
    """Milliseconds since 1970, as Vapi's messages have them."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def money(value: Any) -> Decimal | None:
    """An amount in US dollars, to four places, of a size that a column holds."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 9999:
        return None
    return Decimal(str(value)).quantize(Decimal("0.0001"))


def part(value: Any, *path: str) -> Mapping[str, Any]:
    """The object at a path; an empty one where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def assistant(found: Mapping[str, Any]) -> Assistant:
    """An assistant that can be sent back as it came. Raises: NoRecord."""
    for depth, level in enumerate(levels(found)):
        # JSON's 1e999 became infinite; what nests without end cannot be compared.
        if depth == MAX_DEPTH or any(isinstance(n, float) and not math.isfinite(n) for n in level):
            raise NoRecord
    return Assistant(summary(found), found)


def summary(found: Mapping[str, Any]) -> Summary:
    """Summary of an assistant, for lists. Raises: NoRecord."""
    assistant_id = text(found.get("id"))
    if not ID.fullmatch(assistant_id):
        raise NoRecord
    return Summary(
        id=assistant_id,
        name=text(found.get("name")),
        model=_part(found.get("model"), "model"),
        voice=_part(found.get("voice"), "voiceId"),
        transcriber=_part(found.get("transcriber"), "model"),
        created_at=moment(found.get("createdAt")),
        updated_at=moment(found.get("updatedAt")),
    )


def _part(found: Any, name: str) -> Part | None:
    if not isinstance(found, dict):
        return None
    return Part(provider=text(found.get("provider")), name=text(found.get(name)))


def phone_number(found: Mapping[str, Any]) -> PhoneNumber:
    """A phone number. Its SIP address only if it leads to Vapi: callers go nowhere else."""
    sip_uri = text(found.get("sipUri"))
    return PhoneNumber(
        id=text(found.get("id")),
        number=text(found.get("number")),
        name=text(found.get("name")),
        provider=text(found.get("provider")),
        status=text(found.get("status")),
        assistant_id=text(found.get("assistantId")) or None,
        sip_uri=sip_uri if SIP_URI.fullmatch(sip_uri) else "",
        created_at=moment(found.get("createdAt")),
        updated_at=moment(found.get("updatedAt")),
    )


def call(found: Mapping[str, Any], report: Mapping[str, Any] | None = None) -> VapiCall:
    """A call; the message that it came in says some things in its place."""
    given = {name: value for name, value in (report or {}).items() if value is not None}
    merged = {**found, **given}
    artifact, analysis = part(merged, "artifact"), part(merged, "analysis")
    # The first is deprecated, and still what arrives.
    sids = (found.get("phoneCallProviderId"), part(found, "transport").get("callSid"))
    return VapiCall(
        id=_name(found.get("id")),
        status=cut(text(merged.get("status")), TEXT),
        inbound=text(found.get("type")) == "inboundPhoneCall",
        person=cut(_person(part(merged, "customer") or part(found, "customer")), TEXT),
        assistant_id=_name(found.get("assistantId")) or None,
        phone_number_id=_name(found.get("phoneNumberId")) or None,
        provider_sid=next(filter(None, map(_name, sids)), None),
        ended_reason=cut(text(merged.get("endedReason")), TEXT) or None,
        cost=money(merged.get("cost")),
        transcript=_first(artifact.get("transcript"), merged.get("transcript"), most=TRANSCRIPT),
        recording_url=_recording_url(artifact),
        summary=_first(analysis.get("summary"), merged.get("summary"), most=SUMMARY),
        created_at=moment(found.get("createdAt")),
        started_at=moment(merged.get("startedAt")),
        ended_at=moment(merged.get("endedAt")),
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


def _first(*values: Any, most: int) -> str | None:
    return next((cut(found, most) for found in map(text, values) if found), None)


def _name(value: Any) -> str:
    """A provider's name for a call; "" for what is none."""
    name = text(value)
    return name if len(name) <= NAME_LENGTH else ""


def _recording_url(artifact: Mapping[str, Any]) -> str | None:
    """A link that lasts: the presigned ones are keys, and expire."""
    recording = part(artifact, "recording")
    links = (
        part(recording, "mono").get("combinedUrl"),
        artifact.get("recordingUrl"),
        recording.get("stereoUrl"),
        artifact.get("stereoRecordingUrl"),
    )
    found = (url for url in map(text, links) if url.startswith(("https://", "http://")))
    return next((url for url in found if len(url) <= 2000), None)
