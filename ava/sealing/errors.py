"""Errors of keys and sealed values."""

from ava.http.problems import Problem


class KeyRingInvalid(Exception):
    """AVA_KEYS cannot be used. `str()` is for the operator and holds no key."""


class Unsealable(Problem):
    code = "sealed_value_unreadable"
    detail = "A stored secret cannot be read any more."


class KeyMissing(Unsealable):
    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"A stored secret cannot be read: its key {key_id} is not in AVA_KEYS any more."
        )


class SealBroken(Unsealable):
    """The text is not one AVA sealed for this row, column and owner, or it was changed."""

    detail = "A stored secret cannot be read: it was changed or belongs to another row."
