"""Reset of what AVA keeps in a process: breakers, counts, copies, connections."""

from collections.abc import Callable

from django.core.cache import cache

from ava import ratelimit, redis, upstream
from ava.cache import recent
from ava.http import fastpath
from ava.inbound import services as inbound
from ava.observability import recorder
from integrations import runtime_config
from vapi_settings import answers, reads

RESETS: dict[str, Callable[[], None]] = {
    "breakers": upstream.forget,
    "runtime_config": runtime_config.forget,
    "limits": ratelimit.forget,
    "refusals": inbound.forget,
    "activity": recorder.waiting.clear,
    "copies": reads.forget,
    "fastpath": fastpath.forget,
    "recent": recent.forget,
    "answers": answers.forget,
    "cache": cache.clear,
    "redis": redis.reset,
}
"""One function for each kind of state that AVA keeps in a process; a new kind adds its own here."""


def reset(*kinds: str) -> None:
    """Reset these kinds of state; without an argument all of them, as a restart does."""
    for kind in kinds or RESETS:
        RESETS[kind]()
