"""The one door out to providers: bulkhead, breaker, deadline, retry, pooled transport."""

from ava.upstream.answer import Answer
from ava.upstream.breaker import Breaker, Rejected, Transition
from ava.upstream.circuit import Snapshot
from ava.upstream.control import ORDER_SECONDS, Control, is_ordered
from ava.upstream.door import Door
from ava.upstream.errors import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderProblem,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
)
from ava.upstream.registry import (
    add_listener,
    attend,
    door,
    forget,
    register,
    services,
    set_control_source,
    set_switch,
    snapshots,
)
from ava.upstream.service import Policy, Service

__all__ = [
    "ORDER_SECONDS",
    "Answer",
    "Breaker",
    "Control",
    "Door",
    "Policy",
    "ProviderAuthFailed",
    "ProviderBusy",
    "ProviderProblem",
    "ProviderRateLimited",
    "ProviderUnavailable",
    "ProviderUnreachable",
    "Rejected",
    "Service",
    "Snapshot",
    "Transition",
    "add_listener",
    "attend",
    "door",
    "forget",
    "is_ordered",
    "register",
    "services",
    "set_control_source",
    "set_switch",
    "snapshots",
]
