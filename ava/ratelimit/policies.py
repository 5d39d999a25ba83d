"""Which policies a request meets, and how many requests a minute each gives.

A group is a word on a view (`ratelimit_group`). It gives each client address
`RATE_LIMIT_PER_MINUTE`, unless it is registered with bounds of its own, and each user six times as
much, over all addresses together. The setting is read at each check.
"""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from ava.ratelimit.store import Hit

WINDOW_SECONDS = 60

USER_FACTOR = 6
"""A person works at several places at once: a desk, a phone, a script or two. A token that went
astray works at a thousand."""

Scope = Literal["client", "user"]


@dataclass(frozen=True)
class Group:
    """What a group is registered with; see `register`."""

    at_least: int = 1
    at_most: int | None = None
    per_user: bool = True
    when_lost: Literal["open", "closed"] = "open"
    shared: bool = True

    @property
    def limit(self) -> int:
        """Requests per minute of one client."""
        limit = max(settings.RATE_LIMIT_PER_MINUTE, self.at_least)
        return limit if self.at_most is None else min(limit, self.at_most)


@dataclass(frozen=True)
class Policy:
    """One limit that a request has to keep, and the hit that counts it there."""

    name: str
    scope: Scope
    hit: Hit


_groups: dict[str, Group] = {}


def register(
    name: str,
    *,
    at_least: int = 1,
    at_most: int | None = None,
    per_user: bool = True,
    when_lost: Literal["open", "closed"] = "open",
    shared: bool = True,
) -> None:
    """Tell what is special about a group.

    Args:
        at_least, at_most: bounds of its requests per minute, whatever `RATE_LIMIT_PER_MINUTE` says.
        per_user: whether a user is counted, too, where an access token tells one.
        when_lost: what holds while Redis is lost. "open": each process gives the whole limit.
            "closed": each worker gives its share of what was left when it last asked Redis, so that
            before and after the loss those of one machine together give no more than the limit,
            but for what the others let through unseen; and when the limiter itself fails, requests
            are refused.
        shared: False where each process always counts for itself, and asks no Redis.
    """
    _groups[name] = Group(at_least, at_most, per_user, when_lost, shared)


def group_of(name: str) -> Group:
    """The group as it is registered, or as all others are."""
    return _groups.get(name, Group())


def policies_of(name: str, *, client: str, user: str | None) -> list[Policy]:
    """The policies that a request to this group meets, the client's first.

    Args:
        client: from `ava.http.clients.network`.
        user: of a token that AVA signed; None where there is none.
    """
    group = group_of(name)
    limit = group.limit
    policies = [Policy(name, "client", _hit(group, f"{name} {client}", limit))]
    if user is not None and group.per_user:
        hit = _hit(group, f"{name}-user {user}", USER_FACTOR * limit)
        policies.append(Policy(f"{name}-user", "user", hit))
    return policies


def share(limit: int) -> int:
    """What one of this machine's workers gives of a limit while it counts for itself."""
    return max(1, limit // _workers())


def _workers() -> int:
    workers: int = settings.ENV["WEB_CONCURRENCY"]
    return workers


def _hit(group: Group, key: str, limit: int) -> Hit:
    return Hit(key, limit, among=None if group.when_lost == "open" else _workers())


# Machines ask these, and often. A probe of this process depends on nothing else.
register("probes", at_least=1200, per_user=False, shared=False)
register("metrics", at_least=600, per_user=False, shared=False)
# A page of the documentation loads the whole document.
register("documentation", at_least=60, per_user=False)
