"""Door to a provider, the one way out: bulkhead, breaker, then attempts within a deadline.

The whole operation, its retries included, is one outcome for the breaker.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import requests
import structlog
from django.conf import settings

from ava import tenant
from ava.http import correlation
from ava.http.problems import Problem
from ava.repeats import Repeats
from ava.server import admission
from ava.upstream import metrics
from ava.upstream.breaker import Breaker, Hooks, Rejected, Snapshot
from ava.upstream.bulkhead import Bulkhead, BulkheadFull
from ava.upstream.circuit import Rules
from ava.upstream.connections import Deadline
from ava.upstream.errors import (
    ProviderBusy,
    ProviderProblem,
    ProviderUnavailable,
    ProviderUnreachable,
)
from ava.upstream.policy import Policy, Service
from ava.upstream.redis_store import store_for
from ava.upstream.transport import Answer, AttemptFailed, Operation, Transport, with_retries

T = TypeVar("T")

log = structlog.get_logger("ava.upstream")

REPEATABLE_METHODS = ("GET", "HEAD")

hooks = Hooks()

listeners: list[Callable[..., None]] = []
"""Called after each attempt, and where none was made: `(about, *, status, failed, at,
duration_ms=None)`."""

_doors: dict[str, "Door"] = {}


def register(
    service: Service, *, base_url: Callable[[], str], policy: Policy | None = None
) -> None:
    """Open a door to a provider. `base_url` is asked at each call."""
    if service.label in _doors:
        raise ValueError(f"{service.label} is registered already")
    metrics.introduce(service.label)
    _doors[service.label] = Door(service, base_url, policy or Policy())


def door(label: str) -> "Door":
    return _doors[label]


def doors() -> tuple["Door", ...]:
    return tuple(_doors.values())


def forget() -> None:
    """Fresh breakers, pools, bulkheads and budgets; registrations and hooks stay."""
    for known in doors():
        known.renew()


# Sockets, locks and threads do not survive a fork in a usable state.
os.register_at_fork(after_in_child=forget)


class Door:
    def __init__(self, service: Service, base_url: Callable[[], str], policy: Policy) -> None:
        self.service = service
        self.policy = policy
        self.base_url = base_url
        self.renew()

    def renew(self) -> None:
        self.bulkhead = Bulkhead(self.policy.bulkhead)
        self._refusals = Repeats()
        self.transport = Transport(self.service, self.policy)
        self._breaker: Breaker | None = None
        self._lock = threading.Lock()

    @property
    def breaker(self) -> Breaker:
        with self._lock:
            if self._breaker is None:
                rules = Rules(
                    threshold=settings.BREAKER_THRESHOLD,
                    recovery=settings.BREAKER_RECOVERY_SECONDS,
                    successes=settings.BREAKER_SUCCESS_THRESHOLD,
                )
                label = self.service.label
                self._breaker = Breaker(label, rules=rules, store=store_for(label), hooks=hooks)
            return self._breaker

    def snapshot(self) -> Snapshot:
        """The breaker as the tenant of this work meets it now; reading changes nothing."""
        return self.breaker.snapshot().met_by(tenant.current())

    def require_room(self) -> None:
        """Refuse now what `send` would refuse, before anything is made ready. Reserves nothing."""
        seen = self.snapshot()
        if seen.state == "open" and seen.retry_after:
            raise self._refused(ProviderUnavailable(self.service, retry_after=seen.retry_after))
        if self.bulkhead.is_full:
            raise self._refused(ProviderBusy(self.service))

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        deadline: float | None = None,
        base_url: str | None = None,
        **parts: Any,
    ) -> Answer:
        """Send a request and return the provider's answer.

        Args:
            path: from the base URL on, with a leading slash.
            repeatable: whether a second arrival does no harm; by default GET and HEAD only.
            deadline: seconds for everything; the policy's by default.
            base_url: another host of the provider's; the door's by default.
            parts: `params`, `json`, `data` and `auth`, as requests takes them.

        Returns:
            Any answer but those raised below: 404, 409, 422, a redirect (never followed).

        Raises:
            ProviderAuthFailed: 401 or 403, or a key no HTTP header can carry.
            ProviderRateLimited: 429.
            ProviderUnreachable: no answer in time, a broken or too long one, 408, or 5xx.
            ProviderUnavailable, ProviderBusy: nothing was sent.
        """
        if not path.startswith("/"):
            # "https://api.example.com" + "@elsewhere" would send the key to elsewhere.
            raise ValueError("a path begins with a slash")
        request = requests.Request(
            method,
            (base_url or self.base_url()).rstrip("/") + path,
            headers={
                **(headers or {}),
                correlation.HEADER: correlation.current() or correlation.new(),
            },
            **parts,
        )
        transport = self.transport
        prepared = transport.prepare(request)
        with self._operation(method, deadline, path) as operation:
            if operation.is_probe:
                transport.drop_idle()
            return with_retries(
                partial(self._exchange, transport, prepared, operation),
                operation,
                transport,
                repeatable=method in REPEATABLE_METHODS if repeatable is None else repeatable,
            )

    def _exchange(
        self, transport: Transport, prepared: requests.PreparedRequest, operation: Operation
    ) -> Answer:
        about = f"{self.service.name}: {operation.method} {operation.path}"
        with self._attempt(operation, about):
            prepared.headers.update(operation.headers)
            try:
                answer = transport.exchange(prepared, operation)
            except AttemptFailed as exc:
                operation.outcome = exc.cause.removeprefix("status ")
                raise
            operation.outcome, operation.failed = str(answer.status), answer.status >= 400
        return replace(answer, on_unreadable=partial(self._report_unreadable, about))

    def _report_unreadable(self, about: str) -> None:
        self._report(f"{about}: not JSON", status="unreadable", failed=True, at=datetime.now(UTC))

    def guard(self, work: Callable[[Deadline], T]) -> T:
        """Put work that is not HTTP behind the same bulkhead, breaker and deadline.

        A `Problem` counts as an answer, unless it is a provider's that says otherwise; any other
        exception says nothing about the provider.
        """
        with self._operation("guard", None) as operation:
            operation.attempts = 1
            with self._attempt(operation, f"{self.service.name}: one session"):
                try:
                    done = work(operation.deadline)
                except Problem as problem:
                    operation.outcome = problem.code
                    if isinstance(problem, ProviderProblem):
                        operation.cause = problem.cause
                        if isinstance(problem, ProviderUnreachable):
                            operation.outcome = problem.cause or problem.code
                    raise
                operation.outcome, operation.failed = "answered", False
        return done

    @contextmanager
    def _attempt(self, operation: Operation, about: str) -> Iterator[None]:
        """One attempt: its span, its log line, and the call of the listeners."""
        at, started = datetime.now(UTC), time.perf_counter()
        operation.outcome, operation.failed = "cancelled", True
        with hooks.traced(operation):
            try:
                yield
            finally:
                duration_ms = _ms_since(started)
                log.info(
                    "provider attempt",
                    service=operation.service,
                    method=operation.method,
                    outcome=operation.outcome,
                    attempt=operation.attempts,
                    reused=operation.reused,
                    breaker=operation.breaker,
                    duration_ms=duration_ms,
                )
                self._report(
                    f"{about}, attempt {operation.attempts}" if operation.attempts > 1 else about,
                    status=operation.outcome,
                    failed=operation.failed,
                    at=at,
                    duration_ms=duration_ms,
                )

    @contextmanager
    def _operation(
        self, method: str, deadline: float | None, path: str = ""
    ) -> Iterator[Operation]:
        seconds = self.policy.deadline if deadline is None else deadline
        try:
            # The bulkhead first: a call that is refused there must not hold the probe's lease.
            with self.bulkhead.slot(), self.breaker.calling(seconds) as ticket:
                limit, is_probe = Deadline(seconds), ticket.probe is not None
                operation = Operation(
                    self.service.label, method, path, limit, self.policy, is_probe
                )
                admission.release_place()
                with self._measured(operation):
                    yield operation
        except BulkheadFull:
            raise self._refused(ProviderBusy(self.service)) from None
        except Rejected as exc:
            refused = ProviderUnavailable(self.service, retry_after=exc.retry_after)
            raise self._refused(refused) from None

    def _refused(self, problem: ProviderProblem) -> ProviderProblem:
        label, code = self.service.label, problem.code
        full = isinstance(problem, ProviderBusy)
        refusals = metrics.BULKHEAD_REFUSALS if full else metrics.BREAKER_REFUSALS
        refusals.labels(label).inc()
        about = f"{self.service.name} was not asked: {problem.detail}"
        self._report(about, status=code, failed=True, at=datetime.now(UTC))
        left_out = self._refusals.left_out(code)
        if left_out is not None:
            log.warning("provider not asked", service=label, outcome=code, left_out=left_out)
        return problem

    @staticmethod
    def _report(about: str, **facts: Any) -> None:
        correlation.ASKED.set(correlation.current())
        for listener in listeners:
            listener(about, **facts)

    @contextmanager
    def _measured(self, operation: Operation) -> Iterator[None]:
        """Duration and outcome of the block, in the metrics and, where it failed, in the log."""
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            yield
            outcome = "answered"
        except ProviderProblem as problem:
            outcome = problem.code.removeprefix("provider_")
            log.warning(
                "provider operation failed",
                service=self.service.label,
                method=operation.method,
                outcome=problem.code,
                cause=operation.cause,
                attempts=operation.attempts,
                duration_ms=_ms_since(started),
            )
            raise
        finally:
            duration = metrics.DURATION.labels(self.service.label, outcome)
            duration.observe(time.perf_counter() - started)


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
