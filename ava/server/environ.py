"""The WSGI environment of an ASGI request."""

import sys
from collections.abc import MutableMapping
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

_RECEIVED_AT = "ava.received_at"
_SAME = {
    "SCRIPT_NAME": "",
    # Whether a proxy may say "https" is AVA_TRUSTED_PROXIES' business alone.
    "wsgi.url_scheme": "http",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def environ_of(
    scope: MutableMapping[str, Any], received_at: datetime, body: bytes = b""
) -> dict[str, Any]:
    """The WSGI environment of an ASGI request."""
    path = scope.get("raw_path") or scope["path"].encode()
    environ = {
        **_SAME,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": _below_prefix(unquote_to_bytes(path).decode("latin-1")),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.input": BytesIO(body),
        _RECEIVED_AT: received_at,
    }
    for raw, value in scope["headers"]:
        # X_Forwarded_For would be taken for the X-Forwarded-For that a proxy writes.
        if b"_" in raw:
            continue
        name = raw.decode("latin-1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        text = value.decode("latin-1")
        environ[name] = f"{environ[name]},{text}" if name in environ else text
    return environ


def _below_prefix(path: str) -> str:
    """The path without that of AVA_PUBLIC_URL, which some proxies keep and others take away."""
    prefix: str = settings.PUBLIC_PREFIX
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path


def received_at(request: HttpRequest) -> datetime:
    """Time at which the request's head arrived: before its body, and before it had a thread."""
    found: datetime = request.META.get(_RECEIVED_AT) or timezone.now()
    return found


def body_length(scope: MutableMapping[str, Any]) -> int:
    """Bytes of an ASGI request's body; -1 for one that comes in chunks, which no address takes."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return -1
        if name == b"content-length":
            length = int(value or 0)
    return length
