"""Argon2 that costs nothing: most tests make a user, few are about the hash."""

from ava.accounts.hashers import PasswordHasher


class QuickArgon2(PasswordHasher):
    """As little work as Argon2 takes."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
