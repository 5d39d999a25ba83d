"""SMTP hosts that AVA may connect to (protection against server-side request forgery).

Users choose host and port, and AVA stands inside the operator's network: "verify" must not scan
that network or reach its metadata service (169.254.169.254). So a name is looked up once, every
address must be public, the port one of mail, and the connection goes to the address that was
checked. In production the answer says no more, which would reveal names of the inner network.
"""

import ipaddress
import socket

import structlog

from integrations.errors import SmtpHostRefused

log = structlog.get_logger("integrations.email")

MAIL_PORTS = (25, 465, 587, 2525)

# All that is public in IPv6 (IANA). Python takes more for it: site-local addresses, and those that
# a translator turns into IPv4 (RFC 6052, RFC 8215), as 6to4 does (RFC 3056).
_UNICAST = ipaddress.ip_network("2000::/3")
_6TO4 = ipaddress.ip_network("2002::/16")
_METADATA = ipaddress.ip_address("fd00:ec2::254")  # Amazon's, over IPv6


def resolve(host: str, port: int, *, strict: bool) -> str:
    """Address to connect to; `strict` for public addresses and mail ports only.

    Raises: SmtpHostRefused; OSError, if not strict and the name cannot be resolved.
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
    address = ipaddress.ip_address(text.split("%")[0])
    if address.version == 6:
        address = address.ipv4_mapped or address
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if not strict:
        return address != _METADATA
    public = address.version == 4 or (address in _UNICAST and address not in _6TO4)
    return public and address.is_global
