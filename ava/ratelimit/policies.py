"""Rate limit policies: which limits a request meets, and how many requests a minute each gives.

A group is a word on a view (`ratelimit_group`). It gives each client address
`RATE_LIMIT_PER_MINUTE`, unless it is registered with bounds of its own, and each user six times as
much, over all addresses together. The setting is read at each check.
"""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from ava.ratelimit.window import Limit

WINDOW_SECONDS = 60

USER_FACTOR = 6
"""A person works at several places at once: a desk, a phone, a script or two. A token that went
astray works at a thousand."""


@dataclass(frozen=True)
class Group:
    """What is special about a group.

    Args:
        at_least, at_most: bounds of a client's requests per minute, whatever
            `RATE_LIMIT_PER_MINUTE` says.
        per_user: whether a user is counted, too, where an access token names one.
        when_lost: what holds while Redis is lost. "open": each process gives the whole limit.
            "closed": each worker gives its share of what was left when it last asked Redis, so that
            before and after the loss those of one machine together give no more than the limit,
            but for what the others let through unseen; and when the limiter itself fails, requests
            are refused.
        shared: False where each process always counts for itself, and asks no Redis.
    """

    at_least: int = 1
    at_most: int | None = None
    per_user: bool = True
    when_lost: Literal["open", "closed"] = "open"
    shared: bool = True


_groups: dict[str, Group] = {
    # Machines ask these, and often. A probe of this process depends on nothing else.
    "probes": Group(at_least=1200, per_user=False, shared=False),
    "metrics": Group(at_least=600, per_user=False, shared=False),
    # A page of the documentation loads the whole document.
    "documentation": Group(at_least=60, per_user=False),
}
_ordinary = Group()


def register(name: str, group: Group) -> None:
    """Give a group bounds of its own."""
    _groups[name] = group


def group_of(name: str) -> Group:
    """The group as it is registered, or as all others are."""
    return _groups.get(name, _ordinary)


def limits_of(name: str, *, client: str, user: str | None) -> list[Limit]:
    """The limits that a request to this group meets, the client's first.

    Args:
        client: from `ava.http.clients.network`.
        user: of a token that AVA signed; None where there is none.
    """
    group = group_of(name)
    most = max(settings.RATE_LIMIT_PER_MINUTE, group.at_least)
    if group.at_most is not None:
        most = min(most, group.at_most)
    workers = None if group.when_lost == "open" else _workers()
    limits = [Limit(f"{name} {client}", most, name, "client", workers)]
    if user is not None and group.per_user:
        by_user = f"{name}-user"
        limits.append(Limit(f"{by_user} {user}", USER_FACTOR * most, by_user, "user", workers))
    return limits


def share(limit: int) -> int:
    """What one of this machine's workers gives of a limit while it counts for itself."""
    return max(1, limit // _workers())


def _workers() -> int:
    workers: int = settings.ENV["WEB_CONCURRENCY"]
    return workers
