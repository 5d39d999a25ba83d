"""What is kept of Vapi between processes, as JSON and back.

Loading raises KeyError, TypeError or ValueError on what another release has written.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vapi_settings.client import Assistant, Listing, Part, PhoneNumber, Summary

Dump = Mapping[str, Any]


def dump_assistant(found: Assistant) -> Dump:
    return {"summary": _dump_summary(found.summary), "document": found.document}


def load_assistant(dump: Dump) -> Assistant:
    return Assistant(summary=_load_summary(dump["summary"]), document=dump["document"])


def dump_listing(found: Listing) -> Dump:
    return {
        "summaries": [_dump_summary(one) for one in found.summaries],
        "only": dump_assistant(found.only) if found.only else None,
    }


def load_listing(dump: Dump) -> Listing:
    return Listing(
        summaries=tuple(_load_summary(one) for one in dump["summaries"]),
        only=load_assistant(dump["only"]) if dump["only"] else None,
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
