"""Doctor's checks of the way in and the way out: public address, proxies, providers."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from django.conf import settings
from django.urls import reverse

from ava import upstream
from ava.accounts.models import Session
from ava.http import correlation
from integrations.doctor.asking import Reply
from integrations.doctor.findings import Finding, Look, attention, good, unknown
from integrations.doctor.words import several

# An address that no client outside has; see `proxies`.
PRETENDED: Mapping[str, str] = {"X-Forwarded-For": "127.0.0.1"}
LOGINS = 20


def addresses() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Addresses that are asked before the checks, each with the headers that are sent."""
    for door in upstream.doors():
        if base := door.base_url():
            yield base, {}
    if settings.PUBLIC_URL:
        yield webhook_address(), {}
        yield metrics_address(), PRETENDED


def webhook_address() -> str:
    return _public("vapi-webhook")


def metrics_address() -> str:
    return _public("metrics")


def _public(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name).removeprefix(settings.PUBLIC_PREFIX)}"


def providers(look: Look) -> Iterator[Finding]:
    for door in upstream.doors():
        item, base = door.service.name, door.base_url()
        if not base:
            continue  # mail servers: each user's own
        reply = look.replies.get(base, "not asked")
        state = door.breaker.snapshot().state
        if isinstance(reply, str):
            yield attention(
                item,
                f"{base} cannot be reached: {reply}. Look at DNS, firewall and proxy settings, "
                f"and at {item}'s status page.",
            )
        elif reply.status >= 500:
            yield attention(
                item, f"{base} answers with {reply.status}: look at {item}'s status page and wait."
            )
        elif state != "closed":
            yield attention(
                item,
                f"{base} answers, but the breaker is {state}. It closes by itself after two calls "
                f"that succeed; see: manage.py breakers list",
            )
        else:
            yield good(item, f"{base} answers, the breaker is closed.")


def public_address(look: Look) -> Iterator[Finding]:
    item = "public address"
    if not settings.PUBLIC_URL:
        say = attention if settings.PRODUCTION else unknown
        yield say(
            item,
            "AVA_PUBLIC_URL is not set: providers have no address for webhooks, and calendars "
            "cannot be connected. Set it to the https address of AVA.",
        )
        return
    url = webhook_address()
    reply = look.replies.get(url, "not asked")
    if isinstance(reply, str) and reply.startswith("certificate refused"):
        yield attention(
            item,
            f"{url}: {reply}. Providers refuse it, too, unless its authority is known to all: give "
            "the proxy a certificate of a public one for this name, with those between.",
        )
    elif isinstance(reply, str):
        yield unknown(
            item,
            f"{url} gives no answer from here ({reply}). If this machine may not reach its own "
            "public address, open it from another one; else mend DNS, firewall or proxy.",
        )
    elif reply.status in (301, 302, 307, 308):
        same = reply.location.split("?")[0] == url
        yield attention(
            item,
            "AVA redirects to the same address for ever: the proxy does not say that TLS was "
            "used. Let it set X-Forwarded-Proto, and AVA_TRUSTED_PROXIES count it."
            if same
            else f"{url} is redirected, which providers do not follow: set AVA_PUBLIC_URL to "
            "where it leads.",
        )
    elif reply.status != 405 or reply.correlation_id != correlation.current():
        yield attention(
            item,
            f"{url} answers with {reply.status}, and it is not AVA's webhook that does. Let the "
            "proxy pass all paths below AVA_PUBLIC_URL to AVA, and X-Correlation-ID with them.",
        )
    else:
        yield good(item, f"Webhooks arrive at {settings.PUBLIC_URL}.")


def proxies(look: Look) -> Iterator[Finding]:
    """Whether AVA believes forged client addresses: `/metrics`, which is for this machine alone,
    was asked with one. (With AVA_METRICS_TOKEN it needs the token: only the logins show it then.)
    """
    item, hops = "proxy headers", settings.TRUSTED_PROXIES
    reply = look.replies.get(metrics_address()) if settings.PUBLIC_URL else None
    if isinstance(reply, Reply) and reply.status == 200:
        yield attention(
            item,
            "AVA believes the client address that anybody writes into X-Forwarded-For. Let the "
            f"proxy append to it, and set AVA_TRUSTED_PROXIES ({hops}) to the number of proxies.",
        )
        return
    networks = Session.objects.order_by("-created_at").values_list("network", flat=True)[:LOGINS]
    seen = {network for network in networks if network}
    if settings.PUBLIC_URL and len(networks) == LOGINS and all(map(_is_inside, seen)):
        yield attention(
            item,
            f"The last {several(LOGINS, 'login', 'logins')} all came from inside "
            f"({', '.join(sorted(seen)[:3])}), probably the proxy's own address: everybody shares "
            f"one rate limit. Set AVA_TRUSTED_PROXIES ({hops}) to the number of proxies.",
        )
    elif isinstance(reply, Reply) and not settings.METRICS_TOKEN:
        yield good(item, "A client cannot pretend to have another address.")
    elif seen and not all(map(_is_inside, seen)):
        yield good(item, "Logins come from clients' own addresses.")
    else:
        yield unknown(item, "Nothing has come through the proxy yet: log in once from outside.")


def _is_inside(network: str) -> bool:
    return ip_address(network).is_private
