"""Which mail servers AVA connects to on a user's word.

Host and port are the user's to choose, and AVA stands inside the operator's network: without a
limit, "verify" would be a scanner of that network and a way to its metadata service. So a name is
looked up once, every address it has must be public, the port must be one of mail, and the
connection goes to the address that was checked, so that a second look-up cannot answer otherwise.
In development, where the mail server is often on the same machine, loopback and private
addresses and any port are allowed; link-local ones (169.254.169.254) never are.
"""

import ipaddress
import socket

from integrations.email.errors import SmtpHostRefused

MAIL_PORTS = (25, 465, 587, 2525)


def resolve(host: str, port: int, *, strict: bool) -> str:
    """The address to connect to.

    Args:
        strict: public addresses and mail ports only.

    Raises:
        SmtpHostRefused: the name leads where AVA does not go.
        OSError: the name cannot be resolved.
    """
    if strict and port not in MAIL_PORTS:
        raise SmtpHostRefused
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as fault:  # a label that is empty or too long for DNS
        raise OSError("not a host name") from fault
    addresses = [str(entry[4][0]) for entry in found]
    if not all(_allowed(address, strict=strict) for address in addresses):
        raise SmtpHostRefused
    return addresses[0]


def _allowed(text: str, *, strict: bool) -> bool:
    address = ipaddress.ip_address(text.split("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or not strict
