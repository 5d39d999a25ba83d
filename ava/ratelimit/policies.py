"""How many requests a minute each group takes.

A group is a word on a view (`ratelimit_group`); it takes `RATE_LIMIT_PER_MINUTE` unless it is
registered with a bound of its own. The setting is read at each check.
"""

from dataclasses import dataclass

from django.conf import settings

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Bounds:
    at_least: int = 1
    at_most: int | None = None


_bounds: dict[str, Bounds] = {}


def register(group: str, *, at_least: int = 1, at_most: int | None = None) -> None:
    """Bound a group's requests per minute, whatever `RATE_LIMIT_PER_MINUTE` says."""
    _bounds[group] = Bounds(at_least, at_most)


def limit_of(group: str) -> int:
    """Requests per minute that one client has in this group."""
    bounds = _bounds.get(group, Bounds())
    limit = max(settings.RATE_LIMIT_PER_MINUTE, bounds.at_least)
    return limit if bounds.at_most is None else min(limit, bounds.at_most)


# Machines ask these, and often.
register("probes", at_least=1200)
register("metrics", at_least=600)
# A page of the documentation loads the whole document.
register("documentation", at_least=60)
