"""Diagnosis of a refused signature: which URL, token or body it would have matched. Each guess
undoes a change by a proxy between Twilio and AVA. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import parse_qsl, unquote

from ava.inbound.signatures import secret_matches
from ava.inbound.source import WebhookRequest
from telephony.twilio.signatures import BODY_DIGEST, HEADER, Pairs, joined, sign_text

SHARED_KEY_HEADER = "X-Twilio-Webhooks-Signature-Settings"
"""https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys"""
# So that one costs some hundred signatures over at most 16 KiB.
MOST_BYTES = 16 * 1024
MOST_KEYS, MOST_HOSTS, MOST_PORTS, MOST_PREFIXES = 6, 4, 7, 2
CUSTOMARY_PORTS = ("443", "80", "8443", "8080")
_NETLOC = re.compile(r"(.+?)(?::([0-9]{1,5}))?", re.S)

# An address and what is joined of a form that Twilio may have signed, and what that would mean.
Guess = tuple[str, str, str]


@dataclass(frozen=True)
class Key:
    """A secret that may have signed: its name for people, and what it means if it did."""

    name: str
    value: str = field(repr=False)
    hint: str = ""


def diagnose(
    received: WebhookRequest, *, tokens: Sequence[Key], others: Sequence[Key]
) -> tuple[str, str] | None:
    """The change that a webhook went through, or the secret that signed it, in a sentence, and the
    address that was signed; None: no guess fits. `others` do not count for this webhook."""
    if received.headers.get(SHARED_KEY_HEADER):
        reason = (
            "Twilio signed it with a shared key; AVA knows auth tokens only. "
            "Take the signature out of the webhook setting at Twilio."
        )
        return reason, "a shared key"
    if len(received.raw) > MOST_BYTES:
        return None
    given, fields = received.headers.get(HEADER), joined(received.form)
    for key, url in product(others[:MOST_KEYS], received.urls):
        if secret_matches(given, [sign_text(key.value, url + fields)]):
            return f"The signature fits the {key.name}: {key.hint}.", url
    guesses = [*_changes(received, fields), *_other_bases(received, fields)]
    for key, (url, signed, meaning) in product(tokens[:MOST_KEYS], guesses):
        if secret_matches(given, [sign_text(key.value, url + signed)]):
            return f"The signature fits {meaning}.", url
    return None


def _changes(received: WebhookRequest, fields: str) -> Iterator[Guess]:
    """Body, path and query as they may have been under the same base."""
    for url in received.urls:
        yield from ((url, joined(form), meaning) for form, meaning in _bodies(received, url))
        address, mark, query = url.partition("?")
        slashed = f"{address}/{mark}{query}"
        yield slashed, fields, "the address with a slash behind its path: a proxy took it off"
        if query:
            yield address, fields, "the address without its query: a proxy added that"
            plain, how = f"{address}?{unquote(query)}", "a proxy wrote it otherwise"
            yield plain, fields, f"the address with its query unescaped: {how}"


def _bodies(received: WebhookRequest, url: str) -> Iterator[tuple[Pairs, str]]:
    form, text = received.form, received.raw.decode(errors="replace")
    if not form:
        if url.count(f"{BODY_DIGEST}=") == 1:
            yield (), f"the address, its {BODY_DIGEST} does not: the body was changed under way"
        else:
            yield (), f"the address, which has no single {BODY_DIGEST}: nothing proves the body"
        yield _parsed(text), "a form: the Content-Type was changed under way"
        return
    yield (), "the address alone: the body or its Content-Type was changed"
    lines = [(name, value.replace("\r\n", "\n")) for name, value in form]
    for other, change in (
        (_parsed(text.replace("+", "%2B")), "its plus signs kept: a proxy made them spaces"),
        (_parsed(text, "latin-1"), "its characters read as Latin-1: a proxy wrote them otherwise"),
        (lines, "other line ends: a proxy changed them"),
        ([(n, v.replace("\n", "\r\n")) for n, v in lines], "other line ends: a proxy changed them"),
        ([(n, v.strip()) for n, v in form], "its values trimmed: a proxy put spaces in"),
        ([(n, v) for n, v in form if v], "its empty fields gone: a proxy put them in"),
    ):
        if other != [*form]:
            yield other, f"the form with {change}"


def _other_bases(received: WebhookRequest, fields: str) -> Iterator[Guess]:
    """Scheme, host, port and prefix as they may have been."""
    path, headers = received.path, received.headers
    present, _, rest = received.urls[0].partition(path)
    netloc, slash, prefix = present.partition("://")[2].partition("/")
    netlocs = [netloc, headers.get("Host", ""), *headers.get("X-Forwarded-Host", "").split(",")]
    found = [match.groups("") for one in netlocs if (match := _NETLOC.fullmatch(one.strip()))]
    known = [port for _, port in found if port]
    known += re.findall(r"\b[0-9]{1,5}\b", headers.get("X-Forwarded-Port", ""))
    hosts = _some([host for host, _ in found], MOST_HOSTS)
    ports = _some(["", *known, *CUSTOMARY_PORTS], MOST_PORTS)
    stripped = headers.get("X-Forwarded-Prefix", "").rstrip("/")
    prefixes = _some([slash + prefix, stripped], MOST_PREFIXES)
    for scheme, host, port, prefix in product(("https", "http"), hosts, ports, prefixes):
        base = f"{scheme}://{host}{':' if port else ''}{port}{prefix}"
        yield (
            f"{base}{path}{rest}",
            fields,
            f"{base}{path}: AVA_PUBLIC_URL should be {base}, or Twilio be given an address that "
            f"begins with {present}",
        )


def _some(values: Iterable[str], most: int) -> list[str]:
    return list(dict.fromkeys(values))[:most]


def _parsed(text: str, encoding: str = "utf-8") -> Pairs:
    return parse_qsl(text, keep_blank_values=True, encoding=encoding)
