"""Door out to providers, the only one: bulkhead, breaker, deadline, retry, pooled transport."""

from ava.upstream.answer import Answer
from ava.upstream.breaker import Breaker, Rejected, Transition
from ava.upstream.circuit import OperatorOverride, Snapshot, is_override
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
    door,
    forget,
    maintain,
    register,
    services,
    set_override_source,
    set_switch,
    snapshots,
)
from ava.upstream.service import Policy, Service

__all__ = [
    "Answer",
    "Breaker",
    "Door",
    "OperatorOverride",
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
    "door",
    "forget",
    "is_override",
    "maintain",
    "register",
    "services",
    "set_override_source",
    "set_switch",
    "snapshots",
]
