"""Addresses in TwiML: where Twilio would send requests, and whether that is AVA itself. Pure.

Twilio signs what it sends there (https://www.twilio.com/docs/usage/security), no matter who
wrote the TwiML. A request that leads to AVA's webhooks would pass for one of Twilio's own.
"""

import ipaddress
import re
import socket
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

# action, url, waitUrl, statusCallbackUrl, statusCallback, recordingStatusCallback and so on;
# statusCallbackMethod and statusCallbackEvent are none.
_NAMES = re.compile(r"action|.*url|.*callback", re.I)
_BEGINS = re.compile(r"\s*(?:(?:https?|wss?):)?//", re.I)
# What every parser reads alike: no blanks, no backslashes, a host in ASCII without escapes.
_ABSOLUTE = re.compile(
    r"(?:https?|wss?)://(?:[^/?#@\\\s]*@)?(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])"
    r"(?::[0-9]{1,5})?(?:[/?#][^\\\s]*)?",
    re.I,
)


@dataclass(frozen=True)
class Address:
    """One address.

    Attributes:
        place: the verb that has it, with the attribute, such as "<Dial action>".
        is_media: whether Twilio plays what it gets there, and does nothing else with it.
    """

    place: str
    text: str
    is_media: bool = False


def addresses(root: Element) -> Iterator[Address]:
    """All addresses below a TwiML document's root."""
    for element in root.iter():
        verb = _local(element.tag)
        for name, value in element.attrib.items():
            if _NAMES.fullmatch(_local(name)) or _BEGINS.match(value):
                yield Address(f"<{verb} {_local(name)}>", value.strip())
        # The text of these is an address, relative or absolute. <Play digits> has none.
        text, plays = "".join(element.itertext()).strip(), verb.lower() == "play"
        if verb.lower() == "redirect" or (plays and text):
            yield Address(f"<{verb}>", text, is_media=plays)


def complaint(address: Address, own_hosts: Collection[str]) -> str | None:
    """The fault of an address, in a sentence; None where it leads to somebody else.

    Args:
        own_hosts: names and IP addresses of AVA; one that begins with a dot stands for all below.
    """
    found = _ABSOLUTE.fullmatch(address.text)
    if not found:
        return (
            f"{address.place} needs a whole address such as https://example.com/next, its host in "
            "ASCII. A relative one leads to AVA itself."
        )
    if _is_own(found["host"], own_hosts):
        return f"{address.place} leads to AVA itself. Name an address of your own."
    if _is_private(found["host"]):
        return f"{address.place} leads into a private network. Name an address that Twilio reaches."
    return None


def _is_private(host: str) -> bool:
    """Whether it is an IP address that is not for the public, this machine's own included."""
    address = _ip(host)
    return address is not None and not address.is_global


def _is_own(host: str, own_hosts: Collection[str]) -> bool:
    name = _plain(host)
    return any(
        name == own.lstrip(".") or (own.startswith(".") and name.endswith(own))
        for own in ("localhost", ".localhost", *map(_plain, own_hosts))
    )


def _plain(host: str) -> str:
    """One spelling for all of a host's: lower case, without a dot at the end, IP addresses whole.

    What is configured may be in other letters than ASCII.
    """
    address = _ip(host)
    if address is not None:
        return str(address)
    name = host.lower().rstrip(".")
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a host is, as system libraries read it: 127.1 and 0x7f000001, too."""
    bare = host.strip("[]").rstrip(".")
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(bare))
        except (OSError, UnicodeError):
            return None
    return getattr(found, "ipv4_mapped", None) or found


def _local(name: object) -> str:
    """A name without its namespace."""
    return str(name).rpartition("}")[2][:40]
