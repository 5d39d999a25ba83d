"""Who is asking: the client's address as the trusted proxies saw it.

`X-Forwarded-For` is written by whoever likes to: only its last N entries, added by the N proxies
that the operator trusts (`AVA_TRUSTED_PROXIES`), mean anything.
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 - a bucket for clients without an address, nothing is bound


def address(request: HttpRequest) -> str:
    """The client's IP address; IPv6 without its zone, IPv4 written as IPv4 when mapped."""
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    hops = settings.TRUSTED_PROXIES
    if hops:
        chain = [part.strip() for part in forwarded(request).split(",") if part.strip()]
        # The last proxy's own address is the peer; it added the entry at the right end.
        if len(chain) >= hops:
            return _parse(chain[-hops]) or peer or UNKNOWN
    return peer or UNKNOWN


def forwarded(request: HttpRequest) -> str:
    """The raw `X-Forwarded-For`; empty when the request carries none."""
    return str(request.META.get("HTTP_X_FORWARDED_FOR", ""))


def network(request: HttpRequest) -> str:
    """What one client is for counting: an IPv4 address, or an IPv6 /64, as one host owns it."""
    found = ipaddress.ip_address(address(request))
    if found.version == 6:
        return str(ipaddress.ip_network(f"{found}/64", strict=False).network_address)
    return str(found)


def is_local(request: HttpRequest) -> bool:
    """True for a caller on this machine itself, and not for one behind an undeclared proxy."""
    if not settings.TRUSTED_PROXIES and forwarded(request):
        return False
    return ipaddress.ip_address(address(request)).is_loopback


def _parse(text: str) -> str:
    try:
        found = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
