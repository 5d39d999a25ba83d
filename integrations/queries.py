"""Overview of a user's integrations: what is connected, how each provider does, what to do next."""

import math
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import User

from ava import upstream
from integrations import runtime_config
from integrations.breakers.queries import BreakerStatus
from integrations.calendar import queries as calendars
from integrations.calendar.providers import NAMES
from integrations.credentials import allowance, store
from integrations.credentials.allowance import Allowance
from integrations.credentials.providers import PROVIDERS, Provider
from integrations.email.services import BACKENDS, ENABLE

STUBBED = (*BACKENDS, *NAMES)
SOURCES = ("user", "environment", "stub", "none")


@dataclass(frozen=True)
class Integration:
    provider: str
    name: str
    configured: bool
    source: str  # one of SOURCES; "stub" where AVA only plays the provider
    breaker_state: str
    # Whole seconds until AVA tries the provider again, 0 with the next request; None while the
    # breaker is closed, and while an operator holds it open without an end.
    retry_after: int | None
    next_step: str
    allowance: Allowance | None


def overview(*, user: User, now: datetime) -> list[Integration]:
    ended = calendars.problems(user=user)
    sources: dict[str, str] = {**store.sources(user=user), **dict.fromkeys(ended, "user")}
    left = allowance.left(user=user, now=now) if "environment" in sources.values() else {}
    # One real backend is enough for e-mail: the stub then answers for neither.
    mail = any(sources[slug] != "none" for slug in BACKENDS)
    if runtime_config.is_on("INTEGRATIONS_STUB_MODE", user=user):
        for slug in STUBBED:
            if sources[slug] == "none" and not (mail and slug in BACKENDS):
                sources[slug] = "stub"
    seen = _breakers(user)
    found = []
    for slug, provider in PROVIDERS.items():
        source, breaker = sources[slug], seen[slug]
        rest = left.get(slug) if source == "environment" else None
        wait = breaker.next_try
        found.append(
            Integration(
                provider=slug,
                name=provider.name,
                configured=source in ("user", "environment") and not ended.get(slug),
                source="user" if source == "unreadable" else source,
                breaker_state=breaker.state,
                retry_after=None if wait is None else math.ceil(wait),
                next_step=_next_step(provider, source, breaker, rest, ended.get(slug)),
                allowance=rest,
            )
        )
    return found


def _breakers(user: User) -> dict[str, BreakerStatus]:
    """Breakers by provider as this user's requests meet them in this server, without history."""
    found = {}
    for door in upstream.doors():
        service, seen = door.service, door.breaker.snapshot().met_by(str(user.pk))
        status = BreakerStatus(service.label, service.name, seen.state, next_try=seen.retry_after)
        override = runtime_config.override_of(service.label) if seen.state == "open" else None
        if override and override.forced == "open" and not override.is_over:
            status = replace(status, forced="open", next_try=override.seconds)
        found[service.label] = status
    return found


def _next_step(
    provider: Provider,
    source: str,
    breaker: BreakerStatus,
    left: Allowance | None,
    ended: str | None,
) -> str:
    name = provider.name
    if ended:
        return ended
    if breaker.state != "closed" and source not in ("stub", "none"):
        if breaker.forced:
            return f"Wait: your operator has paused {name}."
        if breaker.next_try:
            wait = math.ceil(breaker.next_try)
            return f"Wait: {name} is failing, and AVA tries it again in {wait}s."
        return f"Wait: {name} was failing, and AVA tries it again with the next request."
    if left and not left.left:
        return (
            f"Today's calls and messages with the operator's {name} credentials are used up until "
            "midnight UTC. Add your own in Settings."
        )
    match source:
        case "unreadable":
            return f"Enter your {name} credentials again in Settings: they cannot be read."
        case "user" if not provider.fields:
            return f"Nothing to do: your {name} is connected."
        case "user":
            return f"Nothing to do: AVA uses your own {name} credentials."
        case "environment":
            return f"Nothing to do: AVA uses the operator's {name} credentials."
        case _ if not provider.fields:
            demo = "You see demo events. " if source == "stub" else ""
            return f"{demo}{calendars.how_to_connect(provider.slug)}"
        case "stub":
            return f"E-mails are not sent in stub mode. {ENABLE}"
    return f"Add your {name} credentials in Settings."
