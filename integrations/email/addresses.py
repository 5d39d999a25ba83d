"""E-mail addresses: the address in `Name <address>`, and the form that all its spellings share."""

from contextlib import suppress
from email.utils import parseaddr

from ava.conf.pasted import folded


def bare(text: str) -> str:
    """The address alone, without a name before it."""
    return parseaddr(text)[1] or text


def key(text: str) -> str:
    """The form by which addresses are compared: any case, any Unicode form, domains in ASCII.

    The part before the @ may by RFC 5321 tell capitals from small letters; no mail provider does.
    """
    local, at, domain = folded(bare(text)).rpartition("@")
    with suppress(UnicodeError):  # a label that is empty or too long for DNS
        domain = domain.encode("idna").decode()
    return f"{local}{at}{domain}"
