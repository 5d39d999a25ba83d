"""Handlers of deliveries; each app registers its own at start."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ava.inbound.models import Delivery

Handle = Callable[["Delivery"], None]

_handlers: dict[tuple[str, str], Handle] = {}


def register_handler(provider: str, kind: str, handle: Handle) -> None:
    """Have deliveries of this kind worked through by `handle(delivery)`.

    It runs in a job after the webhook was acknowledged, in any order, maybe more than once: it
    must be idempotent. It may raise `ava.jobs.RetryLater`. A kind without a handler is only kept.
    """
    _handlers[provider, kind] = handle


def handler(provider: str, kind: str) -> Handle | None:
    """The handler of these deliveries, if they have one."""
    return _handlers.get((provider, kind))
