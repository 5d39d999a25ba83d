from ava.pasted import trimmed

BULLETS = "•" * 8


def mask(secret: str) -> str:
    """Eight bullets and the last four characters, none of a short secret."""
    return BULLETS + (secret[-4:] if len(secret) >= 12 else "")


def is_mask(value: object) -> bool:
    """Whether it can only be a mask, blanks around it aside: no secret begins with bullets."""
    return isinstance(value, str) and trimmed(value).startswith(BULLETS)
