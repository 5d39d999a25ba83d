"""Stored webhooks, read from AVA's database without Django: a process with it takes a second."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests.server import RunningAva

About = tuple[str, str, str]
_QUERY = "SELECT provider, kind, event, payload, state FROM inbound_delivery"


def stored(ava: RunningAva) -> dict[About, str]:
    """Their states; each by what it is, whose, and how that stands."""
    return {
        _about(provider, kind, event, payload): state
        for provider, kind, event, payload, state in _rows(ava.environment)
    }


def _rows(environment: dict[str, str]) -> list[tuple[str, str, str, dict[str, Any], str]]:
    if url := environment.get("DATABASE_URL"):
        with psycopg.connect(url) as connection:
            return [*connection.execute(_QUERY)]
    file = Path(environment["AVA_DATA_DIR"]) / "ava.sqlite3"
    with closing(sqlite3.connect(file, timeout=20)) as connection:
        return [(*row[:3], json.loads(row[3]), row[4]) for row in connection.execute(_QUERY)]


def _about(provider: str, kind: str, event: str, payload: dict[str, Any]) -> About:
    if provider == "vapi":
        return event, payload["call"]["id"], payload.get("status", "")
    return kind, payload["sid"], event
