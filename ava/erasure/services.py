"""Erasure: counted first, then done table by table; run again, it finds nothing more."""

from collections import Counter
from dataclasses import dataclass

from django.core.management.base import CommandError

from ava.erasure import steps, sweep
from ava.erasure.person import Person


@dataclass(frozen=True)
class Erasure:
    redacted: Counter[str]  # rows by table; in a dry run: that would be
    held_by: dict[str, int]  # by provider: what only that provider can delete


def forget(person: Person, *, dry_run: bool) -> Erasure:
    """Redact everything about the person. Raises CommandError: something is still under way."""
    waiting = {what: count for what, find in steps.open_rows.items() if (count := find(person))}
    if waiting:
        named = ", ".join(f"{what}: {count}" for what, count in waiting.items())
        raise CommandError(
            f"Still under way ({named}). Cancel them, or wait until they have ended."
        )
    held_by = {name: count for name, find in steps.holders.items() if (count := find(person))}
    # All are found before the first is redacted: afterwards nothing names the person.
    found = [step for finder in steps.finders for step in finder(person) if step.keys]
    rows = {(step.table, key) for step in found for key in step.keys}
    if not dry_run:
        for step in found:
            step.run()
    for step in sweep.steps_of(person):
        rows |= {(step.table, key) for key in step.keys}
        if not dry_run:
            step.run()
    return Erasure(Counter(table for table, _ in rows), held_by)
