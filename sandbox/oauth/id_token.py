"""ID tokens of OpenID Connect: JWTs signed by RS256, with a key that is the same in every run."""

import base64
import hashlib
import json
from typing import Any

from sandbox.data import read_json

_KEY = read_json("sandbox.oauth", "key.json")
_N, _E, _D = (int(_KEY[name], 16) for name in ("n", "e", "d"))
_SIZE = (_N.bit_length() + 7) // 8
# DigestInfo of SHA-256 (RFC 8017, section 9.2).
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def jwks() -> dict[str, Any]:
    """The public key, as providers publish theirs."""
    n, e = (_base64url(number.to_bytes(size, "big")) for number, size in ((_N, _SIZE), (_E, 3)))
    public = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _KEY["kid"], "n": n, "e": e}
    return {"keys": [public]}


def sign(claims: dict[str, Any]) -> str:
    """A JWT with these claims."""
    header = {"alg": "RS256", "kid": _KEY["kid"], "typ": "JWT"}
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    digest = _DIGEST_INFO + hashlib.sha256(signed.encode()).digest()
    padded = b"\0\1" + b"\xff" * (_SIZE - len(digest) - 3) + b"\0" + digest
    signature = pow(int.from_bytes(padded, "big"), _D, _N).to_bytes(_SIZE, "big")
    return f"{signed}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
