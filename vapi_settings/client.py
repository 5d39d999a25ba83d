"""Vapi's assistants and phone numbers. https://docs.vapi.ai/api-reference"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ava.upstream import ProviderUnreachable
from vapi_settings.connection import Connection, content
from vapi_settings.errors import VAPI, not_changed, not_found, not_imported
from vapi_settings.reading import moment, text

MAX_DEPTH = 100
SIP_URI = re.compile(r"sips?:[a-z0-9._~+-]{1,64}@(?:[a-z0-9-]{1,63}\.){0,3}vapi\.ai", re.IGNORECASE)
ASSISTANT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Part:
    """What an assistant is made with: "openai" and "gpt-4o", "11labs" and "sarah"."""

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
    """A Vapi assistant.

    Attributes:
        document: everything Vapi sent, for changing it without loss. It may hold keys of tools
            and servers: it leaves the process sealed, and stays out of logs and answers.
    """

    summary: Summary
    document: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        return self.summary.id


@dataclass(frozen=True)
class Listing:
    """The organisation's assistants.

    Attributes:
        only: the whole of the only one, where there is one only.
    """

    summaries: tuple[Summary, ...]
    only: Assistant | None


@dataclass(frozen=True)
class PhoneNumber:
    """A phone number at Vapi.

    Attributes:
        number: E.164; "" for one that is reached by SIP only.
        sip_uri: at which the assistant answers, on one of Vapi's hosts; "" for none.

    Vapi's own bodies carry Twilio tokens, SIP passwords and server secrets: only what is named
    here leaves this module.
    """

    id: str
    number: str
    name: str
    provider: str
    status: str
    assistant_id: str | None
    sip_uri: str
    created_at: datetime | None
    updated_at: datetime | None


class VapiClient(Connection):
    """The organisation's assistants and phone numbers."""

    def check(self) -> None:
        """Ask for as little as possible. Raises: ProviderProblem."""
        self.listed("/assistant", {"limit": 1})

    def assistants(self) -> Listing:
        """The organisation's assistants, the newest first; the newest 1000 of more."""
        found = list(self.pages("/assistant"))
        return Listing(
            summaries=tuple(_summary(one) for one in found),
            only=_assistant(found[0]) if len(found) == 1 else None,
        )

    def assistant(self, assistant_id: str) -> Assistant:
        """One assistant. Raises: AssistantNotFound, ProviderProblem."""
        answer = self.send("GET", _path(assistant_id), not_found)
        found = _assistant(content(answer))
        if found.id != assistant_id:
            raise ProviderUnreachable(VAPI)
        return found

    def change_assistant(self, assistant_id: str, fields: Mapping[str, Any]) -> Assistant:
        """Replace top-level fields. It is sent at most once.

        Args:
            fields: whole values: Vapi merges nothing nested.

        Raises:
            AssistantNotFound, ChangeRefused: Vapi did nothing.
            ProviderProblem: among them ProviderUnreachable, when it may have been done.
        """
        answer = self.send("PATCH", _path(assistant_id), not_changed, json=fields)
        return _assistant(content(answer))

    def phone_numbers(self) -> list[PhoneNumber]:
        """The organisation's phone numbers, the newest first; the newest 1000 of more."""
        return [phone_number(found) for found in self.pages("/phone-number")]

    def import_number(self, fields: Mapping[str, Any]) -> PhoneNumber:
        """Let Vapi use a number of a Twilio account. Raises: NumberRefused, ProviderProblem."""
        answer = self.send("POST", "/phone-number", not_imported, json=fields)
        return phone_number(content(answer))


def _path(assistant_id: str) -> str:
    return f"/assistant/{quote(assistant_id, safe='')}"


def _assistant(found: Mapping[str, Any]) -> Assistant:
    if not _sendable(found):
        raise ProviderUnreachable(VAPI)
    return Assistant(_summary(found), found)


def _summary(found: Mapping[str, Any]) -> Summary:
    assistant_id = text(found.get("id"))
    if not ASSISTANT_ID.fullmatch(assistant_id):
        raise ProviderUnreachable(VAPI)
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
    """A phone number as Vapi sends it, its secrets left behind."""
    return PhoneNumber(
        id=text(found.get("id")),
        number=text(found.get("number")),
        name=text(found.get("name")),
        provider=text(found.get("provider")),
        status=text(found.get("status")),
        assistant_id=text(found.get("assistantId")) or None,
        sip_uri=_sip_uri(found.get("sipUri")),
        created_at=moment(found.get("createdAt")),
        updated_at=moment(found.get("updatedAt")),
    )


def _sip_uri(value: Any) -> str:
    """The address, if it leads to Vapi: a caller is put through to nobody else."""
    found = text(value)
    return found if SIP_URI.fullmatch(found) else ""


def _sendable(value: Any) -> bool:
    """Whether it can be sent back as it came: no number became infinite, no bottomless nesting."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                below.extend(part.values())
            elif isinstance(part, list):
                below.extend(part)
            elif isinstance(part, float) and not math.isfinite(part):
                return False
        if not below:
            return True
        level = below
    return False
