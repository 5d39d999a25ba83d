"""E-mail addresses: the address in `Name <address>`, and the form that all its spellings share."""

from contextlib import suppress
from email.utils import parseaddr

from ava.conf.domains import to_ascii
from ava.conf.pasted import folded, trimmed, visible


def bare(text: str) -> str:
    """The address alone, without a name before it."""
    return parseaddr(text)[1] or text


def key(text: str) -> str:
    """The form by which addresses are compared: any case, any Unicode form, domains in ASCII.

    The part before the @ may by RFC 5321 tell capitals from small letters; no mail provider does.
    """
    local, at, domain = deliverable(trimmed(visible(bare(text)))).rpartition("@")
    return f"{folded(local)}{at}{domain}"


def deliverable(text: str) -> str:
    """The address with its domain in ASCII, as it goes to a provider."""
    local, at, domain = text.rpartition("@")
    with suppress(ValueError):  # a name before it, or a label that is empty or too long for DNS
        domain = to_ascii(domain)
    return f"{local}{at}{domain}"
