"""Explanation of a refused signature, for the operator."""

from urllib.parse import urlsplit

from django.conf import settings

from ava.inbound.models import Refusal
from ava.inbound.source import FITS


def explain(refusal: Refusal) -> list[str]:
    lines = [
        f"{refusal.at:%Y-%m-%d %H:%M:%S} UTC: a webhook of {refusal.provider} ({refusal.kind}) "
        f"was refused. {refusal.reason}",
        f"Correlation ID: {refusal.correlation_id}",
        *(f"Address tried: {url}" for url in refusal.urls),
        *(f"{name[:1].upper()}{name[1:]}: {value}" for name, value in refusal.seen.items()),
        *(f"The request said {name}: {value}" for name, value in refusal.told.items()),
        f"AVA_PUBLIC_URL: {settings.PUBLIC_URL or 'not set'}",
        f"AVA_TRUSTED_PROXIES: {settings.TRUSTED_PROXIES}",
    ]
    advice = [] if FITS in refusal.seen else _advice(refusal)
    return [_printable(line) for line in lines + advice]


def _advice(refusal: Refusal) -> list[str]:
    sent = refusal.told
    advice, hosts = [], {urlsplit(url).netloc for url in refusal.urls}
    forwarded = [name for name in sent if name.startswith("X-Forwarded-")]
    if not settings.PUBLIC_URL:
        advice.append(
            "AVA_PUBLIC_URL is not set, so the address was guessed from the request. Set it to the "
            "address that the provider calls, scheme and port included."
        )
        if forwarded and not settings.TRUSTED_PROXIES:
            advice.append(
                "A proxy stands in front, and AVA_TRUSTED_PROXIES is 0, so what it said about the "
                "address was not believed."
            )
    elif (host := sent.get("Host", "")) and host not in hosts and not forwarded:
        advice.append(
            f"The request came for {host}, AVA_PUBLIC_URL names another host. Give the provider "
            "the address in AVA_PUBLIC_URL, or change that."
        )
    advice.append(
        "If the address is right, the secret is not: store the provider's present one in the "
        "credentials of this account."
    )
    return advice


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
