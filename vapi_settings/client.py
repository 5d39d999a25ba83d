"""One method for each thing that AVA asks of Vapi. https://docs.vapi.ai/api-reference"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ava import upstream
from ava.upstream import Answer, ProviderUnreachable
from ava.upstream.deadline import Watch
from vapi_settings.errors import VAPI, no_list, not_changed, not_found

PAGE = 50
MOST_PAGES = 20
MAX_DEPTH = 100
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
            and servers: it stays in memory, and out of logs and answers.
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

    Vapi's own bodies carry Twilio tokens, SIP passwords and server secrets: only what is named
    here leaves this module.
    """

    id: str
    number: str
    name: str
    provider: str
    status: str
    assistant_id: str | None
    created_at: datetime | None
    updated_at: datetime | None


class VapiClient:
    """Vapi for one private API key."""

    def __init__(self, api_key: str) -> None:
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def check(self) -> None:
        """Ask for as little as possible. Raises: ProviderProblem."""
        self._list("/assistant", {"limit": 1})

    def assistants(self) -> Listing:
        """The organisation's assistants, the newest first; the newest 1000 of more."""
        found = list(self._pages("/assistant"))
        return Listing(
            summaries=tuple(_summary(one) for one in found),
            only=_assistant(found[0]) if len(found) == 1 else None,
        )

    def assistant(self, assistant_id: str) -> Assistant:
        """One assistant. Raises: AssistantNotFound, ProviderProblem."""
        answer = self._send("GET", _path(assistant_id), not_found)
        found = _assistant(_object(answer))
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
        answer = self._send("PATCH", _path(assistant_id), not_changed, json=fields)
        return _assistant(_object(answer))

    def phone_numbers(self) -> list[PhoneNumber]:
        """The organisation's phone numbers, the newest first; the newest 1000 of more."""
        return [_phone_number(found) for found in self._pages("/phone-number")]

    def _pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        # All pages share the deadline of one operation: a slow Vapi must not hold a thread for
        # twenty of them. A list that is cut off would look whole, so it is no answer.
        watch = Watch(upstream.door(VAPI.label).policy.deadline)
        # There is no cursor: the next page begins at the creation of this one's last. What was
        # created in the same millisecond comes twice, and is told by its id.
        seen: set[str] = set()
        params: dict[str, Any] = {"limit": PAGE}
        for _ in range(MOST_PAGES):
            if watch.expired:
                raise ProviderUnreachable(VAPI)
            page = self._list(path, params, deadline=watch.left())
            new = [found for found in page if _text(found.get("id")) not in seen]
            yield from new
            seen.update(_text(found.get("id")) for found in new)
            last = _text(page[-1].get("createdAt")) if page else ""
            if len(page) < PAGE or not new or not last:
                return
            params["createdAtLe"] = last

    def _list(
        self, path: str, params: Mapping[str, Any], *, deadline: float | None = None
    ) -> list[Mapping[str, Any]]:
        answer = self._send("GET", path, no_list, params=params, deadline=deadline)
        found = answer.json()
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise ProviderUnreachable(VAPI)
        return found

    def _send(
        self, method: str, path: str, refusal: Callable[[Answer], Exception], **rest: Any
    ) -> Answer:
        answer = upstream.door(VAPI.label).send(method, path, headers=self._headers, **rest)
        if not 200 <= answer.status < 300:
            raise refusal(answer)
        return answer


def _path(assistant_id: str) -> str:
    return f"/assistant/{quote(assistant_id, safe='')}"


def _object(answer: Answer) -> Mapping[str, Any]:
    found = answer.json()
    if not isinstance(found, dict):
        raise ProviderUnreachable(VAPI)
    return found


def _assistant(found: Mapping[str, Any]) -> Assistant:
    if not _sendable(found):
        raise ProviderUnreachable(VAPI)
    return Assistant(_summary(found), found)


def _summary(found: Mapping[str, Any]) -> Summary:
    assistant_id = _text(found.get("id"))
    if not ASSISTANT_ID.fullmatch(assistant_id):
        raise ProviderUnreachable(VAPI)
    return Summary(
        id=assistant_id,
        name=_text(found.get("name")),
        model=_part(found.get("model"), "model"),
        voice=_part(found.get("voice"), "voiceId"),
        transcriber=_part(found.get("transcriber"), "model"),
        created_at=_moment(found.get("createdAt")),
        updated_at=_moment(found.get("updatedAt")),
    )


def _part(found: Any, name: str) -> Part | None:
    if not isinstance(found, dict):
        return None
    return Part(provider=_text(found.get("provider")), name=_text(found.get(name)))


def _phone_number(found: Mapping[str, Any]) -> PhoneNumber:
    return PhoneNumber(
        id=_text(found.get("id")),
        number=_text(found.get("number")),
        name=_text(found.get("name")),
        provider=_text(found.get("provider")),
        status=_text(found.get("status")),
        assistant_id=_text(found.get("assistantId")) or None,
        created_at=_moment(found.get("createdAt")),
        updated_at=_moment(found.get("updatedAt")),
    )


def _text(value: Any) -> str:
    """The text, showable: a half surrogate pair becomes a question mark."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


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
