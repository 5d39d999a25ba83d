"""TwiML for calls: written, and checked (https://www.twilio.com/docs/voice/twiml). Pure."""

import re
from collections.abc import Collection
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from telephony.twilio.twiml_addresses import addresses, complaint

MAX_LENGTH = 4000
VERBS = frozenset(
    (
        "Connect", "Dial", "Echo", "Enqueue", "Gather", "Hangup", "Leave", "Pause", "Pay", "Play",
        "Prompt", "Record", "Redirect", "Refer", "Reject", "Say", "Sms", "Start", "Stop",
    )
)  # fmt: skip
REACHING = frozenset(("Connect", "Dial", "Enqueue", "Pay", "Refer", "Sms", "Start"))
"""Verbs that reach others, or services of Twilio's that cost extra."""
_ENCODING = re.compile(r"\ufeff?<\?xml[^>]*\bencoding\s*=\s*[\"']([^\"']*)")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Assistants pick up at once; Twilio would let it ring for 30 s.
SECONDS_TO_PICK_UP = 15

HANGUP = "<Response><Hangup/></Response>"
EMPTY = "<Response/>"


def say(text: str) -> str:
    """TwiML that reads a text aloud."""
    return f"<Response><Say>{escape(text)}</Say></Response>"


def put_through(sip_uri: str, *, action: str) -> str:
    """TwiML that puts the caller through; it rings until somebody picks up there.

    Without an `action` a call whose dial fails would end without a word, and verbs after the dial
    would be spoken after a good talk as well (https://www.twilio.com/docs/voice/twiml/dial).

    Args:
        action: the address, relative to that of this document, which Twilio asks what to do once
            the dial is over.
    """
    return (
        f'<Response><Dial answerOnBridge="true" timeout="{SECONDS_TO_PICK_UP}" '
        f"action={quoteattr(action)}><Sip>{escape(sip_uri)}</Sip></Dial></Response>"
    )


def is_speakable(text: str) -> bool:
    """Whether the text can stand in XML: no control characters, no half surrogates."""
    return not _NOT_XML.search(text)


def check(text: str, *, own_hosts: Collection[str]) -> str:
    """The TwiML itself, checked: Twilio can run it, and it leads to no address of AVA.

    Args:
        own_hosts: names and IP addresses of AVA; one that begins with a dot stands for all below.

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    root = _parse(text)
    for verb in root:
        if verb.tag not in VERBS:
            raise ValueError(f"<{str(verb.tag)[:40]}> is no verb that TwiML has for calls.")
    if not len(root):
        raise ValueError("This TwiML does nothing. Put a verb such as <Say> into <Response>.")
    for address in addresses(root):
        if said := complaint(address, own_hosts):
            raise ValueError(said)
    return text


def first_beyond(text: str) -> str | None:
    """The first place in TwiML, once checked, that leads beyond the call: an address that Twilio
    asks what to do or reports to, such as "<Dial action>", or a verb that reaches other phones or
    costs more than a call. None where there is none. Recordings to play do not count.
    """
    root = ElementTree.fromstring(text)  # noqa: S314 - without a DTD, as `check` saw to it
    for one in addresses(root):
        if not one.is_media:
            return one.place
    return next((f"<{one.tag}>" for one in root.iter() if one.tag in REACHING), None)


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
    except ElementTree.ParseError as fault:
        line, column = fault.position
        raise ValueError(
            f"This is not well-formed XML: line {line}, column {column + 1}."
        ) from None
    except ValueError:
        raise ValueError("This is not well-formed XML.") from None
    if root.tag != "Response":
        raise ValueError("TwiML begins with <Response>.")
    return root
