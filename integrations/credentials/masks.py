"""Masks, as which stored secrets are shown."""

BULLETS = "•" * 8
_SHOWN = 4
# Of a shorter one, four characters would give too much away.
_SHORTEST = 12


def mask(secret: str) -> str:
    """Eight bullets and the last four characters; bullets alone for a short secret."""
    return BULLETS + (secret[-_SHOWN:] if len(secret) >= _SHORTEST else "")


def is_mask(value: object) -> bool:
    """Whether it can only be a mask, spaces around it aside: no secret begins with bullets."""
    return isinstance(value, str) and value.strip().startswith(BULLETS)
