"""Examination: every check in order, none of which keeps the others from being made."""

from collections.abc import Iterator

from django.db import DatabaseError
from django.utils import timezone

from integrations.doctor import configuration, machine, network, work
from integrations.doctor.asking import SECONDS, ask_all
from integrations.doctor.findings import Check, Finding, Look, attention, unknown

CHECKS: tuple[tuple[str, Check], ...] = (
    ("database", machine.database),
    ("migrations", machine.migrations),
    ("configuration", configuration.variables),
    ("providers' mode", configuration.stubs),
    ("encryption keys", configuration.sealed_rows),
    ("Redis", machine.redis),
    ("disk space", machine.disk),
    ("clock", machine.clock),
    ("public address", network.public_address),
    ("proxy headers", network.proxies),
    ("providers", network.providers),
    ("OAuth apps", configuration.client_secrets),
    ("calendar connections", configuration.connections),
    ("background jobs", work.jobs),
    ("webhooks refused", work.webhooks),
)


def examine(*, seconds: float = SECONDS) -> Iterator[Finding]:
    look = Look(timezone.now(), ask_all(network.addresses(), seconds=seconds))
    for item, check in CHECKS:
        try:
            yield from check(look)
        except DatabaseError as fault:
            if check is machine.database:
                yield attention(
                    item, f"It does not work: {_first_line(fault)} {machine.remedy(fault)}"
                )
            else:
                yield unknown(item, "The database does not answer this: see the lines above.")
        except OSError as fault:
            yield unknown(item, f"This cannot be looked at: {_first_line(fault)}")


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0].rstrip(".") + "."
