"""Diagnosis of a refused signature: which URL, token or body it would have matched.

The proxies between Twilio and AVA change addresses and bodies, and people mix up secrets. Each
guess undoes one such change. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import parse_qsl, unquote

from ava.inbound.signatures import secret_matches
from ava.inbound.source import WebhookRequest
from telephony.twilio.signatures import BODY_DIGEST, HEADER, Pairs, joined, sign_text

SHARED_KEY_HEADER = "X-Twilio-Webhooks-Signature-Settings"
"""https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys"""
MOST_BYTES = 16 * 1024
MOST_KEYS = 6
MOST_HOSTS = 4
MOST_PORTS = 7
CUSTOMARY_PORTS = ("443", "80", "8443", "8080")


@dataclass(frozen=True)
class Key:
    """A secret that may have signed.

    Args:
        name: of it, for people.
        hint: what it means if it did.
    """

    name: str
    value: str = field(repr=False)
    hint: str = ""


@dataclass(frozen=True)
class Finding:
    """A diagnosis.

    Args:
        reason: one sentence.
        fits: the address that was signed.
    """

    reason: str
    fits: str


def diagnose(
    received: WebhookRequest, *, path: str, tokens: Sequence[Key], others: Sequence[Key]
) -> Finding | None:
    """The change that a webhook went through, or the secret that signed it; None: no guess fits.

    It costs some hundred signatures over at most 16 KiB.

    Args:
        path: of this webhook, without what the public address puts before it.
        tokens: those that were tried.
        others: secrets that do not count for this webhook.
    """
    if received.headers.get(SHARED_KEY_HEADER):
        return Finding(
            "Twilio signed it with a shared key; AVA knows auth tokens only. Take the signature "
            "out of the webhook setting at Twilio.",
            "a shared key",
        )
    if len(received.raw) > MOST_BYTES:
        return None
    given, fields = received.headers.get(HEADER), joined(received.form)
    for key, url in product(others[:MOST_KEYS], received.urls):
        if _fits(given, key, url + fields):
            return Finding(f"The signature fits the {key.name}: {key.hint}.", url)
    guesses = list(_guesses(received, path, fields))
    for key, (url, signed, reason) in product(tokens[:MOST_KEYS], guesses):
        if _fits(given, key, url + signed):
            return Finding(reason, url)
    return None


def _fits(given: str | None, key: Key, text: str) -> bool:
    return secret_matches(given, [sign_text(key.value, text)]) is not None


def _guesses(received: WebhookRequest, path: str, fields: str) -> Iterator[tuple[str, str, str]]:
    """Addresses and fields that Twilio may have signed, each with what that would mean."""
    for url in received.urls:
        for form, reason in _bodies(received, url):
            yield url, joined(form), reason
        for other, reason in _paths(url):
            yield other, fields, reason
    for other, reason in _bases(received, path):
        yield other, fields, reason


def _bodies(received: WebhookRequest, url: str) -> Iterator[tuple[Pairs, str]]:
    form, text = received.form, received.raw.decode(errors="replace")
    if not form:
        if url.count(f"{BODY_DIGEST}=") == 1:
            reason = f"its {BODY_DIGEST} does not: the body was changed under way"
        else:
            reason = f"which has no single {BODY_DIGEST}: nothing proves the body"
        yield (), f"The signature fits the address, {reason}."
        yield _parsed(text), "The signature fits a form: the Content-Type was changed under way."
        return
    yield (), "The signature fits the address alone: the body or its Content-Type was changed."
    for other, change in (
        (_parsed(text.replace("+", "%2B")), "its plus signs kept: a proxy made them spaces"),
        (_parsed(text, "latin-1"), "its characters read as Latin-1: a proxy wrote them otherwise"),
        (_each(form, "\r\n", "\n"), "other line ends: a proxy changed them"),
        (_each(_each(form, "\r\n", "\n"), "\n", "\r\n"), "other line ends: a proxy changed them"),
        (tuple((n, v.strip()) for n, v in form), "its values trimmed: a proxy put spaces in"),
        (tuple((n, v) for n, v in form if v), "its empty fields gone: a proxy put them in"),
    ):
        if other != form:
            yield other, f"The signature fits the form with {change}."


def _paths(url: str) -> Iterator[tuple[str, str]]:
    address, mark, query = url.partition("?")
    yield (
        f"{address}/{mark}{query}",
        "The signature fits the address with a slash behind its path: a proxy took it off.",
    )
    if query:
        yield address, "The signature fits the address without its query: a proxy added that."
        yield (
            f"{address}?{unquote(query)}",
            "The signature fits the address with its query unescaped: a proxy wrote it otherwise.",
        )


def _bases(received: WebhookRequest, path: str) -> Iterator[tuple[str, str]]:
    """Bases of the address: scheme, host, port, prefix."""
    present, _, rest = received.urls[0].partition(path)
    headers = received.headers
    netloc, slash, prefix = present.partition("://")[2].partition("/")
    netlocs = [netloc, headers.get("Host", ""), *_parts(headers.get("X-Forwarded-Host", ""))]
    split = [_host_and_port(one) for one in netlocs if one]
    known_ports = [port for _, port in split] + _parts(headers.get("X-Forwarded-Port", ""))
    hosts = _some([host for host, _ in split], MOST_HOSTS)
    ports = _some(["", *filter(_is_port, known_ports), *CUSTOMARY_PORTS], MOST_PORTS)
    prefixes = _some([slash + prefix, headers.get("X-Forwarded-Prefix", "").rstrip("/")], 2)
    for scheme, host, port, prefix in product(("https", "http"), hosts, ports, prefixes):
        base = f"{scheme}://{host}{':' if port else ''}{port}{prefix}"
        yield (
            f"{base}{path}{rest}",
            f"The signature fits {base}{path}: AVA_PUBLIC_URL should be {base}, or Twilio be "
            f"given an address that begins with {present}.",
        )


def _host_and_port(netloc: str) -> tuple[str, str]:
    host, _, port = netloc.rpartition(":")
    return (host, port) if host and _is_port(port) else (netloc, "")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


def _parts(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")]


def _some(values: Iterable[str], most: int) -> list[str]:
    return list(dict.fromkeys(values))[:most]


def _parsed(text: str, encoding: str = "utf-8") -> Pairs:
    return tuple(parse_qsl(text, keep_blank_values=True, encoding=encoding))


def _each(form: Pairs, old: str, new: str) -> Pairs:
    return tuple((name, value.replace(old, new)) for name, value in form)
