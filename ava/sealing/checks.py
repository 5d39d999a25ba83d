"""System checks of the keys: they can be read, and open what is stored."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import Error as DatabaseError

from ava.sealing.keys import KeyRingInvalid, key_ring, parse
from ava.sealing.rotation import sealed_fields, sealed_otherwise

_FEWEST_DIFFERENT_BYTES = 8  # 32 random bytes have fewer once in 10^30 draws
_SHOWN = 5


@register(Tags.security)
def check_key_ring(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        key_ring()
    except KeyRingInvalid as fault:
        return [
            Error(
                f"{fault} Stored credentials cannot be read.",
                hint="AVA_KEYS is k2:<base64 of 32 bytes>,k1:... with the primary key first.",
                id="ava.E012",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_key_strength(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        keys = parse(settings.AVA_KEYS)
    except KeyRingInvalid:
        return []
    return [
        Error(
            f"The key {key_id} in AVA_KEYS is not random.",
            hint="Put a fresh key of 32 random bytes in front of it and run rotate_keys.",
            id="ava.E013",
        )
        for key_id, key in keys.items()
        if len(set(key)) < _FEWEST_DIFFERENT_BYTES
    ]


@register(Tags.database)
def check_sealed_rows(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        ring = key_ring()
    except KeyRingInvalid:
        return found
    for column in sealed_fields() if databases else ():
        try:
            rows = sealed_otherwise(column, *ring.key_ids)
            count = rows.count()
            sample = rows.values_list("pk", column.name)[:_SHOWN] if count else []
            named = ", ".join(f"{pk} ({text.key_id or 'damaged'})" for pk, text in sample)
        except DatabaseError:
            # No tables before the first migration; a database that is away has its own message.
            continue
        if count:
            found.append(
                # The other rows open: AVA must start, or their owners could not store them again.
                CheckWarning(
                    f"{count} rows of {column.model._meta.label} are sealed by keys that are not "
                    f"in AVA_KEYS: {named}{', ...' if count > _SHOWN else ''}.",
                    hint="Put the missing key back behind the primary one in AVA_KEYS, or let "
                    "the owners store these credentials again.",
                    id="ava.W002",
                )
            )
    return found
