"""Key ring, and the text that a sealed value is stored as.

A sealed value reads `v1.<key id>.<base64 of nonce and ciphertext>`: AES-256-GCM with a random
96-bit nonce (NIST SP 800-38D, section 8.2.2). What it belongs to is authenticated with it, so a
text copied elsewhere does not open there.
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from ava.http.problems import Problem

FORMAT = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_TEXT = re.compile(rf"{FORMAT}\.({_KEY_ID.pattern})\.([A-Za-z0-9+/]{{38,}}={{0,2}})")


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


@dataclass(frozen=True)
class Binding:
    """The one place where a sealed value opens."""

    model: str  # such as "integrations.credential"
    column: str
    pk: str
    owner: str  # the primary key of it

    def authenticated(self, key_id: str) -> bytes:
        """The bytes authenticated beside the ciphertext: no two bindings share them."""
        parts = [FORMAT, key_id, self.model, self.column, self.pk, self.owner]
        return json.dumps(parts, separators=(",", ":")).encode()


class KeyRing:
    """Keys of 32 bytes by id. The first one seals, all of them open."""

    def __init__(
        self, keys: Mapping[str, bytes], random: Callable[[int], bytes] = os.urandom
    ) -> None:
        if not keys:
            raise KeyRingInvalid("AVA_KEYS holds no key.")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._random = random
        self.key_ids = tuple(keys)
        self.primary = self.key_ids[0]

    def __repr__(self) -> str:
        return f"<KeyRing {' '.join(self.key_ids)}>"

    def seal(self, secret: str, binding: Binding) -> str:
        nonce = self._random(NONCE_BYTES)
        sealed = self._ciphers[self.primary].encrypt(
            nonce, secret.encode(), binding.authenticated(self.primary)
        )
        return f"{FORMAT}.{self.primary}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str, binding: Binding) -> str:
        match = _TEXT.fullmatch(text)
        if match is None:
            raise SealBroken
        key_id = match[1]
        if key_id not in self._ciphers:
            raise KeyMissing(key_id)
        try:
            sealed = base64.b64decode(match[2], validate=True)
            nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            opened = self._ciphers[key_id].decrypt(nonce, ciphertext, binding.authenticated(key_id))
        except (InvalidTag, binascii.Error) as fault:
            raise SealBroken from fault
        return opened.decode()


def key_id_of(text: str) -> str | None:
    """The id of the key that sealed this text; None when it is no sealed text."""
    match = _TEXT.fullmatch(text)
    return match[1] if match else None


def head(key_id: str) -> str:
    """Beginning of every text that this key sealed."""
    return f"{FORMAT}.{key_id}."


def parse(text: str) -> dict[str, bytes]:
    """AVA_KEYS (`k2:<base64 of 32 bytes>,k1:...`, primary first) as key id -> key.

    Raises KeyRingInvalid, which names an entry by its position, never by what it holds.
    """
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(text.split(","), start=1):
        key_id, mark, encoded = entry.strip().partition(":")
        where = f"Entry {position} of AVA_KEYS"
        if not mark:
            raise KeyRingInvalid(f"{where} is not <key id>:<base64 of 32 bytes>.")
        if not _KEY_ID.fullmatch(key_id):
            raise KeyRingInvalid(f"{where} needs a key id of 1-32 letters, digits, _ or -.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            # Without "from": the cause could quote the key.
            raise KeyRingInvalid(f"{where} holds a key that is not base64.") from None
        if len(key) != KEY_BYTES:
            raise KeyRingInvalid(f"{where} holds a key of {len(key)} bytes, not {KEY_BYTES}.")
        if key_id in keys:
            raise KeyRingInvalid(f"{where} repeats a key id. Each key needs its own.")
        if key in keys.values():
            raise KeyRingInvalid(f"{where} repeats a key under another id. Make a fresh one.")
        keys[key_id] = key
    return keys


def key_ring() -> KeyRing:
    """The ring of `settings.AVA_KEYS`. Raises KeyRingInvalid where it cannot be read."""
    return _ring(settings.AVA_KEYS)


@lru_cache(maxsize=2)
def _ring(text: str) -> KeyRing:
    return KeyRing(parse(text))
