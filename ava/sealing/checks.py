"""System checks of the keys: they can be read, and open what is stored."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
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
def check_key_ring(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    try:
        key_ring()
    except KeyRingInvalid as fault:
        yield Error(
            f"{fault} Stored credentials cannot be read.",
            hint="AVA_KEYS is k2:<base64 of 32 bytes>,k1:... with the primary key first.",
            id="ava.E012",
        )


@register(Tags.security, deploy=True)
def check_key_strength(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    with suppress(KeyRingInvalid):
        for key_id, key in parse(settings.AVA_KEYS).items():
            if len(set(key)) < _FEWEST_DIFFERENT_BYTES:
                yield Error(
                    f"The key {key_id} in AVA_KEYS is not random.",
                    hint="Put a fresh key of 32 random bytes in front of it and run rotate_keys.",
                    id="ava.E013",
                )


@register(Tags.database)
def check_sealed_rows(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    for column in sealed_fields() if databases else ():
        try:
            rows = sealed_otherwise(column, *key_ring().key_ids)
            count = rows.count()
            sample = rows.values_list("pk", column.name)[:_SHOWN] if count else []
            named = ", ".join(f"{pk} ({text.key_id or 'damaged'})" for pk, text in sample)
        except (KeyRingInvalid, DatabaseError):
            # No tables before the first migration; the other faults have messages of their own.
            continue
        if count:
            # The other rows open: AVA must start, or their owners could not store them again.
            yield CheckWarning(
                f"{count} rows of {column.model._meta.label} are sealed by keys that are not "
                f"in AVA_KEYS: {named}{', ...' if count > _SHOWN else ''}.",
                hint="Put the missing key back behind the primary one in AVA_KEYS, or let "
                "the owners store these credentials again.",
                id="ava.W002",
            )
