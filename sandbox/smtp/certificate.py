"""TLS identity of the SMTP server: the same in every run, so that an app can be set to trust it.

The certificate names this machine only (localhost, 127.0.0.1, ::1) and is no authority. Its key is
no secret: it is derived from a word, as all the sandbox's keys are public.
"""

import base64
import hashlib
import ssl
import tempfile
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("certificate.pem")

_WORD = b"the key of the sandbox's mail server, which proves nothing"
# SEC 1, appendix C.4: version 1, then the private key of 32 bytes, then the curve, P-256.
_BEFORE = bytes.fromhex("30310201010420")
_AFTER = bytes.fromhex("a00a06082a8648ce3d030107")


def private_key() -> str:
    """The key in PEM."""
    der = _BEFORE + hashlib.sha256(_WORD).digest() + _AFTER
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n"


def server_context() -> ssl.SSLContext:
    """TLS for the server."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as key:  # ssl reads files only
        key.write(private_key())
        key.flush()
        context.load_cert_chain(CERTIFICATE, key.name)
    return context
