"""Kinds of work for the processes that tests start: what they do is a line in a file."""

import os
import threading
from pathlib import Path
from typing import Any

from ava import jobs

EFFECTS = "JOBS_TEST_EFFECTS"
LEASE = 1.5


def note(line: str) -> None:
    """Append a line, whole even when many processes do so."""
    with Path(os.environ[EFFECTS]).open("a") as effects:
        effects.write(f"{line}\n")


def effect(payload: dict[str, Any]) -> None:
    note(f"done {payload['n']}")


def fails_once(payload: dict[str, Any]) -> None:
    tried = f"tried {payload['n']}"
    if tried not in Path(os.environ[EFFECTS]).read_text().splitlines():
        note(tried)
        raise ValueError
    effect(payload)


def hangs_at_first(payload: dict[str, Any]) -> None:
    begun = f"begun {payload['n']}"
    if begun not in Path(os.environ[EFFECTS]).read_text().splitlines():
        note(begun)
        threading.Event().wait(60)  # until its process is killed
    effect(payload)


def register() -> None:
    jobs.register("effect", effect)
    jobs.register("urgent", effect, urgent=True)
    jobs.register("fails_once", fails_once)
    jobs.register("hangs_at_first", hangs_at_first, lease=LEASE)


register()
