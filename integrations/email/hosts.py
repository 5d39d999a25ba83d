"""SMTP hosts that AVA may connect to (protection against server-side request forgery).

Users choose host and port, and AVA stands inside the operator's network: "verify" must not scan
that network or reach its metadata service (169.254.169.254). So a name is looked up once, every
address must be public, the port one of mail, and the connection goes to the address that was
checked. In production a name that does not resolve gets the same answer, which would otherwise
reveal the names of the inner network; the log distinguishes them. In development private addresses
and any port are allowed, the metadata service's never.
"""

import ipaddress
import socket

import structlog

from integrations.email.errors import SmtpHostRefused

log = structlog.get_logger("integrations.email")

MAIL_PORTS = (25, 465, 587, 2525)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# All that is public in IPv6 (IANA). Outside are the site-local, the IPv4-compatible, and those
# that a translator turns into IPv4 (RFC 6052, RFC 8215), which Python takes for public.
_UNICAST = ipaddress.ip_network("2000::/3")
_METADATA = ipaddress.ip_address("fd00:ec2::254")  # Amazon's, over IPv6
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


def resolve(host: str, port: int, *, strict: bool) -> str:
    """Address to connect to.

    Args:
        strict: public addresses and mail ports only.

    Raises:
        SmtpHostRefused: AVA does not go there; where strict, also: the name cannot be resolved.
        OSError: the name cannot be resolved.
    """
    if strict and port not in MAIL_PORTS:
        raise _refusal(host, port, "the port is none of mail")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:  # Unicode: a label that is empty or too long for DNS
        if strict:
            raise _refusal(host, port, "the name cannot be resolved") from fault
        raise OSError("not a host name") from fault
    addresses = [str(entry[4][0]) for entry in found]
    if not all(_allowed(address, strict=strict) for address in addresses):
        raise _refusal(host, port, "the address is not public")
    return addresses[0]


def _refusal(host: str, port: int, reason: str) -> SmtpHostRefused:
    log.warning("SMTP host refused", host=host, port=port, reason=reason)
    return SmtpHostRefused()


def _allowed(text: str, *, strict: bool) -> bool:
    outer = ipaddress.ip_address(text.split("%")[0])
    address = _innermost(outer)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if not strict:
        return address != _METADATA
    return address.is_global and (outer.version == 4 or outer in _UNICAST)


def _innermost(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one stands for, where it does: mapped, 6to4, NAT64."""
    if address.version == 4:
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
