"""Door out to providers, the only one: bulkhead, breaker, deadline, retry, pooled transport."""

from ava.upstream.breaker import Snapshot, Transition
from ava.upstream.circuit import OperatorOverride, is_override
from ava.upstream.connections import Deadline
from ava.upstream.door import Door, door, doors, forget, hooks, register
from ava.upstream.errors import (
    ProviderAuthFailed,
    ProviderBusy,
    ProviderProblem,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
)
from ava.upstream.policy import Policy, Service
from ava.upstream.transport import Answer, parse_json

__all__ = [
    "Answer",
    "Deadline",
    "Door",
    "OperatorOverride",
    "Policy",
    "ProviderAuthFailed",
    "ProviderBusy",
    "ProviderProblem",
    "ProviderRateLimited",
    "ProviderUnavailable",
    "ProviderUnreachable",
    "Service",
    "Snapshot",
    "Transition",
    "door",
    "doors",
    "forget",
    "hooks",
    "is_override",
    "parse_json",
    "register",
]
