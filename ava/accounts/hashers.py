"""Password hashing: Argon2id, over one spelling of what looks the same."""

import unicodedata

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher


def spellings(password: str) -> list[str]:
    """Spellings that may have been hashed where this was typed: its normal form first, which new
    hashes are made of; then, for older ones, as it was typed, composed (Windows, Linux) and
    decomposed (macOS). One for ASCII.

    NIST SP 800-63B, 3.1.1.2: normalise by NFKC or NFKD before hashing.
    """
    forms = (unicodedata.normalize(form, password) for form in ("NFKC", "NFC", "NFD"))
    first, *others = forms
    return list(dict.fromkeys((first, password, *others)))


class NormalisingHasher(BasePasswordHasher):
    """Mixin in front of a hasher."""

    def encode(self, password: str, salt: str) -> str:
        return str(super().encode(spellings(password)[0], salt))

    def verify(self, password: str, encoded: str) -> bool:
        matches = super().verify
        return any(matches(one, encoded) for one in spellings(password))


class PasswordHasher(NormalisingHasher, Argon2PasswordHasher):
    """Argon2id with OWASP's recommended 19 MiB and 2 passes.

    Django's default takes 100 MiB for each check: some logins at once would take gigabytes.
    Older hashes are renewed at the next login. Source: OWASP Password Storage Cheat Sheet.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
