"""TwiML for calls: written, and checked (https://www.twilio.com/docs/voice/twiml). Pure.

Twilio signs what it sends to the addresses in it (https://www.twilio.com/docs/usage/security), no
matter who wrote them: a request that leads to AVA's webhooks would pass for one of Twilio's own.
"""

import ipaddress
import re
import socket
from collections.abc import Collection, Iterator
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

MAX_LENGTH = 4000
VERBS = frozenset(
    (
        "Connect", "Dial", "Echo", "Enqueue", "Gather", "Hangup", "Leave", "Pause", "Pay", "Play",
        "Prompt", "Record", "Redirect", "Refer", "Reject", "Say", "Sms", "Start", "Stop",
    )
)  # fmt: skip
REACHING = frozenset(("Connect", "Dial", "Enqueue", "Pay", "Refer", "Sms", "Start"))
"""Verbs that reach others, or services of Twilio's that cost extra."""
# Assistants pick up at once; Twilio would let it ring for 30 s.
SECONDS_TO_PICK_UP = 15

HANGUP = "<Response><Hangup/></Response>"
EMPTY = "<Response/>"

_ENCODING = re.compile(r"\ufeff?<\?xml[^>]*\bencoding\s*=\s*[\"']([^\"']*)")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# action, url, waitUrl, statusCallbackUrl, statusCallback, recordingStatusCallback and so on;
# statusCallbackMethod and statusCallbackEvent are none.
_HOLDS_ADDRESS = re.compile(r"action|.*url|.*callback", re.I)
_BEGINS_ADDRESS = re.compile(r"\s*(?:(?:https?|wss?):)?//", re.I)
# What every parser reads alike: no blanks, no backslashes, a host in ASCII without escapes.
_ABSOLUTE = re.compile(
    r"(?:https?|wss?)://(?:[^/?#@\\\s]*@)?(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])"
    r"(?::[0-9]{1,5})?(?:[/?#][^\\\s]*)?",
    re.I,
)


def say(text: str) -> str:
    """TwiML that reads a text aloud."""
    return f"<Response><Say>{escape(text)}</Say></Response>"


def put_through(sip_uri: str, *, action: str) -> str:
    """TwiML that puts the caller through; it rings until the call is answered. Twilio asks the
    relative address `action` what to do once the dial is over: without one a failed dial would end
    the call without a word (https://www.twilio.com/docs/voice/twiml/dial)."""
    return (
        f'<Response><Dial answerOnBridge="true" timeout="{SECONDS_TO_PICK_UP}" '
        f"action={quoteattr(action)}><Sip>{escape(sip_uri)}</Sip></Dial></Response>"
    )


def is_speakable(text: str) -> bool:
    """Whether the text can stand in XML: no control characters, no half surrogates."""
    return not _NOT_XML.search(text)


def check(text: str, *, own_hosts: Collection[str]) -> str:
    """The TwiML itself, checked: Twilio can run it, and it leads to none of AVA's own hosts (names
    and IP addresses; a leading dot stands for all below). Raises: ValueError, with a sentence."""
    root = _parse(text)
    for verb in root:
        if verb.tag not in VERBS:
            raise ValueError(f"<{str(verb.tag)[:40]}> is no verb that TwiML has for calls.")
    if not len(root):
        raise ValueError("This TwiML does nothing. Put a verb such as <Say> into <Response>.")
    for place, address, _ in _addresses(root):
        _require_foreign(place, address, own_hosts)
    return text


def first_beyond(text: str) -> str | None:
    """The first place in checked TwiML that leads beyond the call: an address that Twilio asks or
    reports to, such as "<Dial action>", or a verb that reaches others. Recordings do not count."""
    root = ElementTree.fromstring(text)  # noqa: S314 - without a DTD, as `check` saw to it
    places = [place for place, _, is_media in _addresses(root) if not is_media]
    places += [f"<{one.tag}>" for one in root.iter() if one.tag in REACHING]
    return places[0] if places else None


def _parse(text: str) -> ElementTree.Element:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"TwiML has at most {MAX_LENGTH} characters.")
    if not is_speakable(text):
        raise ValueError("This holds characters that XML does not allow.")
    if "<!doctype" in text.lower() or "<!entity" in text.lower():
        raise ValueError("TwiML takes no DOCTYPE and no entities of its own.")
    named = _ENCODING.match(text)
    if named and named[1].lower() != "utf-8":
        # It is sent as UTF-8. Read as anything else it might say something else.
        raise ValueError("TwiML is UTF-8 here. Leave out the encoding in <?xml?>.")
    try:
        # No DTD, so there is nothing to expand and nothing to fetch.
        root = ElementTree.fromstring(text)  # noqa: S314
    except (ElementTree.ParseError, ValueError) as fault:
        line, column = getattr(fault, "position", (1, 0))
        sentence = f"This is not well-formed XML: line {line}, column {column + 1}."
        raise ValueError(sentence) from None
    if root.tag != "Response":
        raise ValueError("TwiML begins with <Response>.")
    return root


def _addresses(root: ElementTree.Element) -> Iterator[tuple[str, str, bool]]:
    """Each address: its place, such as "<Dial action>", the address itself, and whether Twilio
    plays what it gets there, and does nothing else with it."""
    for element in root.iter():
        verb = _local(element.tag)
        for name, value in element.attrib.items():
            if _HOLDS_ADDRESS.fullmatch(_local(name)) or _BEGINS_ADDRESS.match(value):
                yield f"<{verb} {_local(name)}>", value.strip(), False
        # The text of these is an address, relative or absolute. <Play digits> has none.
        text, plays = "".join(element.itertext()).strip(), verb.lower() == "play"
        if verb.lower() == "redirect" or (plays and text):
            yield f"<{verb}>", text, plays


def _require_foreign(place: str, address: str, own_hosts: Collection[str]) -> None:
    """Raises ValueError, with a sentence: the address is AVA's own, or on no public host."""
    found = _ABSOLUTE.fullmatch(address)
    if not found:
        raise ValueError(
            f"{place} needs a whole address such as https://example.com/next, its host in "
            "ASCII. A relative one leads to AVA itself."
        )
    host, ip = _canonical(found["host"]), _ip(found["host"])
    for own in ("localhost", ".localhost", *map(_canonical, own_hosts)):
        if host == own.lstrip(".") or (own.startswith(".") and host.endswith(own)):
            raise ValueError(f"{place} leads to AVA itself. Name an address of your own.")
    if ip is not None and not ip.is_global:
        sentence = "leads into a private network. Name an address that Twilio reaches."
        raise ValueError(f"{place} {sentence}")


def _canonical(host: str) -> str:
    """One spelling for all of a host's. What is configured may be in other letters than ASCII."""
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
