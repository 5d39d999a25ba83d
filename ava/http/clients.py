"""Client addresses as the trusted proxies saw them.

Anybody can write `X-Forwarded-For`: only its last AVA_TRUSTED_PROXIES entries mean anything.
"""

import ipaddress
import re
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 - a bucket for clients without an address, nothing is bound
HEADER = "HTTP_X_FORWARDED_FOR"
# As some proxies write the client: "192.0.2.7:4711", "[2001:db8::1]:4711", "[2001:db8::1]".
WITH_PORT = re.compile(r"\[(?P<v6>[^]]+)\](:[0-9]+)?|(?P<v4>[^:]+):[0-9]+")


def address(request: HttpRequest) -> str:
    """The client's IP address; IPv6 without its zone, IPv4 written as IPv4 when mapped."""
    return _forwarded(request) or _parse(request.META.get("REMOTE_ADDR", "")) or UNKNOWN


def network(request: HttpRequest) -> str:
    """Network that counts as one client: an IPv4 address, or an IPv6 /64, as one host owns it."""
    return _network(address(request))


def is_local(request: HttpRequest) -> bool:
    """True for a caller on this machine itself, not for one behind a proxy, declared or not."""
    if HEADER in request.META and not _forwarded(request):
        return False
    return ipaddress.ip_address(address(request)).is_loopback


def _forwarded(request: HttpRequest) -> str:
    """The address that the trusted proxies name; empty when they name none."""
    hops: int = settings.TRUSTED_PROXIES
    # Empty entries count: left out, a proxy's empty one would make room for the client's own.
    chain = str(request.META.get(HEADER, "")).split(",")
    # The last proxy's own address is the peer; it added the entry at the right end.
    return _parse(chain[-hops].strip()) if 0 < hops <= len(chain) else ""


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    found = ipaddress.ip_address(address)
    if found.version == 6:
        return str(ipaddress.ip_network(f"{found}/64", strict=False).network_address)
    return str(found)


@lru_cache(maxsize=1024)
def _parse(text: str) -> str:
    with_port = WITH_PORT.fullmatch(text)
    if with_port:
        text = with_port["v6"] or with_port["v4"]
    try:
        found = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
