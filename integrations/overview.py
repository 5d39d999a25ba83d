"""What a user has connected, how each provider is doing, and what to do next."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.contrib.auth.models import User

from integrations.breakers import queries
from integrations.breakers.queries import BreakerStatus
from integrations.credentials import allowance
from integrations.credentials.allowance import Allowance
from integrations.credentials.providers import PROVIDERS, Provider
from integrations.credentials.services import Description, describe
from integrations.flags import services as flags

STUBBED = ("resend", "smtp", "google", "microsoft")
SOURCES = ("user", "environment", "stub", "none")
Source = Literal["user", "environment", "stub", "none"]


@dataclass(frozen=True)
class Integration:
    """One provider for one user.

    Args:
        configured: there are credentials to use, the user's or the operator's.
        source: whose they are; "stub" where AVA only plays the provider.
        breaker_state: closed, half_open or open.
        retry_after: whole seconds until AVA tries the provider again, 0 with the next request;
            None while the breaker is closed, and while an operator holds it open without an end.
        next_step: a sentence.
        allowance: what is left today of calls and messages with the operator's credentials; None
            with other credentials, and where nothing is counted.
    """

    provider: str
    name: str
    configured: bool
    source: Source
    breaker_state: str
    retry_after: int | None
    next_step: str
    allowance: Allowance | None


def overview(*, user: User, now: datetime) -> list[Integration]:
    """All providers, in the order of `PROVIDERS`."""
    seen = queries.list_breakers(now=now, live=True, met_by=user)
    breakers = {status.provider: status for status in seen}
    stubs = flags.is_on("INTEGRATIONS_STUB_MODE", user=user)
    mine = {slug: describe(user=user, provider=slug) for slug in PROVIDERS}
    served = any(described.source == "environment" for described in mine.values())
    left = allowance.left(user=user, now=now) if served else {}
    # One real backend is enough for e-mail: the stub then answers for neither.
    mail = any(mine[slug].configured for slug in ("resend", "smtp"))
    return [
        _integration(
            provider,
            mine[slug],
            breakers[slug],
            left.get(slug) if mine[slug].source == "environment" else None,
            stub=stubs and slug in STUBBED and not (mail and slug in ("resend", "smtp")),
        )
        for slug, provider in PROVIDERS.items()
    ]


def _integration(
    provider: Provider,
    mine: Description,
    breaker: BreakerStatus,
    left: Allowance | None,
    *,
    stub: bool,
) -> Integration:
    usable = mine.configured and mine.readable
    source: Source = mine.source if mine.configured else "stub" if stub else "none"
    wait = breaker.next_try
    return Integration(
        provider=provider.slug,
        name=provider.name,
        configured=usable,
        source=source,
        breaker_state=breaker.state,
        retry_after=None if wait is None else math.ceil(wait),
        next_step=_next_step(provider, mine, breaker, left, source),
        allowance=left,
    )


def _next_step(
    provider: Provider,
    mine: Description,
    breaker: BreakerStatus,
    left: Allowance | None,
    source: Source,
) -> str:
    if breaker.state != "closed" and mine.configured:
        return _waiting(provider.name, breaker)
    if not mine.readable:
        return f"Enter your {provider.name} credentials again in Settings: they cannot be read."
    if source == "user":
        return f"Nothing to do: AVA uses your own {provider.name} credentials."
    if left and not left.left:
        return (
            f"Today's calls and messages with the operator's {provider.name} credentials are used "
            "up until midnight UTC. Add your own in Settings."
        )
    if source == "environment":
        return f"Nothing to do: AVA uses the operator's {provider.name} credentials."
    if not provider.fields:
        demo = "You see demo events. " if source == "stub" else ""
        return f"{demo}Connecting {provider.name} is not part of this release."
    if source == "stub":
        return (
            "E-mails are not sent in stub mode. "
            "Configure Resend or SMTP in Settings → Email to enable delivery."
        )
    return f"Add your {provider.name} credentials in Settings."


def _waiting(name: str, breaker: BreakerStatus) -> str:
    if breaker.forced:
        return f"Wait: your operator has paused {name}."
    if breaker.next_try:
        wait = math.ceil(breaker.next_try)
        return f"Wait: {name} is failing, and AVA tries it again in {wait}s."
    return f"Wait: {name} was failing, and AVA tries it again with the next request."
