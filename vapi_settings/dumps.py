"""Cached values, and the JSON that they are between processes.

Loading raises KeyError, TypeError or ValueError on what another release has written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vapi_settings.client import Assistant, Part, PhoneNumber, Summary

Dump = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """An assistant, and when its settings got the values they have, as far as AVA knows."""

    assistant: Assistant
    changed_at: Mapping[str, datetime]


@dataclass(frozen=True)
class SeenList:
    """The organisation's assistants; the whole of the only one, where there is one only."""

    summaries: tuple[Summary, ...]
    only: Seen | None


def dump_seen(found: Seen) -> Dump:
    return {
        "summary": _dump_summary(found.assistant.summary),
        "document": found.assistant.document,
        "changed_at": {key: at.isoformat() for key, at in found.changed_at.items()},
    }


def load_seen(dump: Dump) -> Seen:
    assistant = Assistant(summary=_load_summary(dump["summary"]), document=dump["document"])
    changed_at = {key: datetime.fromisoformat(at) for key, at in dump["changed_at"].items()}
    return Seen(assistant, changed_at)


def dump_list(found: SeenList) -> Dump:
    return {
        "summaries": [_dump_summary(one) for one in found.summaries],
        "only": dump_seen(found.only) if found.only else None,
    }


def load_list(dump: Dump) -> SeenList:
    return SeenList(
        summaries=tuple(_load_summary(one) for one in dump["summaries"]),
        only=load_seen(dump["only"]) if dump["only"] else None,
    )


def dump_numbers(found: tuple[PhoneNumber, ...]) -> list[Dump]:
    return [
        {
            "id": one.id,
            "number": one.number,
            "name": one.name,
            "provider": one.provider,
            "status": one.status,
            "assistant_id": one.assistant_id,
            "sip_uri": one.sip_uri,
            "created_at": _dump_time(one.created_at),
            "updated_at": _dump_time(one.updated_at),
        }
        for one in found
    ]


def load_numbers(dump: list[Dump]) -> tuple[PhoneNumber, ...]:
    return tuple(
        PhoneNumber(
            id=one["id"],
            number=one["number"],
            name=one["name"],
            provider=one["provider"],
            status=one["status"],
            assistant_id=one["assistant_id"],
            sip_uri=one["sip_uri"],
            created_at=_load_time(one["created_at"]),
            updated_at=_load_time(one["updated_at"]),
        )
        for one in dump
    )


def _dump_summary(found: Summary) -> Dump:
    return {
        "id": found.id,
        "name": found.name,
        "model": _dump_part(found.model),
        "voice": _dump_part(found.voice),
        "transcriber": _dump_part(found.transcriber),
        "created_at": _dump_time(found.created_at),
        "updated_at": _dump_time(found.updated_at),
    }


def _load_summary(dump: Dump) -> Summary:
    return Summary(
        id=dump["id"],
        name=dump["name"],
        model=_load_part(dump["model"]),
        voice=_load_part(dump["voice"]),
        transcriber=_load_part(dump["transcriber"]),
        created_at=_load_time(dump["created_at"]),
        updated_at=_load_time(dump["updated_at"]),
    )


def _dump_part(found: Part | None) -> list[str] | None:
    return [found.provider, found.name] if found else None


def _load_part(dump: list[str] | None) -> Part | None:
    return Part(*dump) if dump else None


def _dump_time(found: datetime | None) -> str | None:
    return found.isoformat() if found else None


def _load_time(dump: str | None) -> datetime | None:
    return datetime.fromisoformat(dump) if dump else None
