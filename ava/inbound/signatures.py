"""Secrets and signatures, compared in constant time. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

Algorithm = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64"]

# Seconds that a signed time may be off.
WINDOW = 300.0


def secret_matches(given: str | None, secrets: Sequence[str]) -> bool:
    """Whether it is one of these secrets. Empty ones match nothing."""
    # No early end: the time taken says nothing about which one it was.
    found = [bool(secret) and _same(given or "", secret) for secret in secrets]
    return any(found)


def hmac_of(
    message: bytes, *, secret: bytes, algorithm: Algorithm = "sha256", encoding: Encoding = "hex"
) -> str:
    digest = hmac.digest(secret, message, algorithm)
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def hmac_matches(
    given: str | None,
    message: bytes,
    *,
    secret: bytes,
    algorithm: Algorithm = "sha256",
    encoding: Encoding = "hex",
    prefix: str = "",
) -> bool:
    """Whether `given` is the signature of the message. An empty secret signs nothing."""
    if not given or not secret or not given.startswith(prefix):
        return False
    text = given[len(prefix) :]
    right = hmac_of(message, secret=secret, algorithm=algorithm, encoding=encoding)
    return _same(text.lower() if encoding == "hex" else text, right)


def is_fresh(timestamp: str | None, *, now: float) -> bool:
    """Whether a signed Unix time (seconds, or milliseconds) is near `now`, in seconds."""
    if not timestamp or not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 15:
        return False
    at = float(timestamp)
    return abs(now - (at / 1000 if at > 1e11 else at)) <= WINDOW


def digest_matches(given: str | None, message: bytes) -> bool:
    """Whether `given` is the SHA-256 of the message, in hex."""
    return bool(given) and _same((given or "").lower(), hashlib.sha256(message).hexdigest())


def _same(given: str, right: str) -> bool:
    # Bytes: compare_digest takes no text beyond ASCII. A lone surrogate is in no secret.
    return hmac.compare_digest(given.encode(errors="replace"), right.encode(errors="replace"))
