"""Addresses that a provider may have signed: behind proxies AVA sees another one."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

_PORT = re.compile(r":[0-9]*$")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def candidates(request: HttpRequest) -> tuple[str, ...]:
    """The address as it is set (AVA_PUBLIC_URL) or forwarded, with and without its port: Twilio's
    own library tries both, too."""
    query = request.META.get("QUERY_STRING", "")
    tail = request.path + (f"?{query}" if query else "")
    base = urlsplit(settings.PUBLIC_URL or _forwarded_address(request))
    name = _PORT.sub("", base.netloc)
    other = name if name != base.netloc else f"{name}:{_DEFAULT_PORTS[base.scheme]}"
    return tuple(f"{base.scheme}://{host}{base.path}{tail}" for host in (base.netloc, other))


def forwarded(request: HttpRequest, header: str) -> str:
    """The outermost trusted proxy's part of a header; empty without any."""
    hops: int = settings.TRUSTED_PROXIES
    chain = [part.strip() for part in request.headers.get(header, "").split(",")]
    return chain[max(0, len(chain) - hops)] if hops else ""


def _forwarded_address(request: HttpRequest) -> str:
    scheme = forwarded(request, "X-Forwarded-Proto")
    if scheme not in _DEFAULT_PORTS:
        scheme = "https" if request.is_secure() else "http"
    host, port = forwarded(request, "X-Forwarded-Host"), forwarded(request, "X-Forwarded-Port")
    if not _is_host(host):
        host = request.get_host()
    if port.isascii() and port.isdigit():
        host = f"{_PORT.sub('', host)}:{port}"
    return f"{scheme}://{host}"


def _is_host(text: str) -> bool:
    """Whether an address can begin with this text, which anybody may have written."""
    try:
        parts = urlsplit(f"https://{text}")
    except ValueError:
        return False
    return parts.netloc == text and bool(parts.hostname)
