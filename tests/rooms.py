"""Reset of what AVA keeps in a process: breakers, counts, copies, connections."""

from collections.abc import Callable

from django.core.cache import cache

from ava import ratelimit, redis, upstream
from ava.cache import recent
from ava.inbound import services as inbound
from integrations import runtime_config
from vapi_settings import answers, reads

ROOMS: dict[str, Callable[[], None]] = {
    "breakers": upstream.forget,
    "runtime_config": runtime_config.forget,
    "limits": ratelimit.forget,
    "refusals": inbound.forget,
    "copies": reads.forget,
    "recent": recent.forget,
    "answers": answers.forget,
    "cache": cache.clear,
    "redis": redis.reset,
}
"""One function for each room that keeps something; a new room adds its own here."""


def reset(*rooms: str) -> None:
    """Forget what these rooms keep; without an argument all of it, as a restart does."""
    for room in rooms or ROOMS:
        ROOMS[room]()
