"""What a door is made of."""

from collections.abc import Callable

from django.conf import settings

from ava import redis
from ava.http.problems import Problem
from ava.upstream.breaker import Breaker, Transition
from ava.upstream.bulkhead import Bulkhead
from ava.upstream.circuit import Outcome, Rules
from ava.upstream.control import Guidance
from ava.upstream.errors import ProviderProblem
from ava.upstream.memory import MemoryStore
from ava.upstream.metrics import BreakerFailures
from ava.upstream.redis import RedisStore
from ava.upstream.retry import Budget
from ava.upstream.service import Policy, Service
from ava.upstream.shared import SharedStore
from ava.upstream.store import Store
from ava.upstream.transport import Transport


class Works:
    """One provider's breaker, bulkhead, retry budget and pool, in one process."""

    def __init__(
        self,
        service: Service,
        policy: Policy,
        *,
        guidance: Guidance,
        announce: Callable[[Transition], None],
    ) -> None:
        self.bulkhead = Bulkhead(policy.bulkhead)
        self.budget = Budget()
        self.breaker = Breaker(
            service.label,
            rules=Rules(
                threshold=settings.BREAKER_THRESHOLD,
                recovery=settings.BREAKER_RECOVERY_SECONDS,
                successes=settings.BREAKER_SUCCESS_THRESHOLD,
            ),
            store=_store(service.label),
            guidance=guidance,
            announce=announce,
            classify=outcome_of,
            listeners=(BreakerFailures(),),
        )
        self.transport = Transport(
            service.label,
            pool_size=policy.bulkhead,
            connect_timeout=policy.connect_timeout,
            max_body=policy.max_body,
        )


def _store(label: str) -> Store:
    link = redis.get_client()
    if link is None:
        return MemoryStore()
    return SharedStore(RedisStore(link, label), MemoryStore())


def outcome_of(exc: BaseException) -> Outcome:
    """What an exception out of an operation says about the provider."""
    if isinstance(exc, ProviderProblem):
        return exc.outcome
    if isinstance(exc, Problem):
        return Outcome.SUCCESS  # the provider's answer was understood, and refused
    return Outcome.NEUTRAL
