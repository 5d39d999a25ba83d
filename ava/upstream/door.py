"""Door to a provider, the one way out: bulkhead, breaker, then attempts within a deadline.

The whole operation, its retries included, is one outcome for the breaker.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from socket import gaierror
from typing import Any, NamedTuple, TypeVar

import requests
import structlog

from ava import tenant
from ava.http import correlation
from ava.server import admission
from ava.upstream import metrics
from ava.upstream.answer import Answer
from ava.upstream.breaker import LEASE_SLACK, Breaker, Rejected
from ava.upstream.bulkhead import Bulkhead, BulkheadFull
from ava.upstream.circuit import Snapshot
from ava.upstream.classify import classify_response
from ava.upstream.deadline import Deadline, watchdog
from ava.upstream.errors import (
    ProviderAnswerTooLong,
    ProviderAuthFailed,
    ProviderBusy,
    ProviderProblem,
    ProviderUnavailable,
    ProviderUnreachable,
)
from ava.upstream.retry import AttemptFailed, Budget, Operation, with_retries
from ava.upstream.service import Policy, Service
from ava.upstream.transport import NoAnswer, Transport, UnsendableHeader

T = TypeVar("T")

log = structlog.get_logger("ava.upstream")

REPEATABLE_METHODS = ("GET", "HEAD")


class Parts(NamedTuple):
    """What a door keeps from call to call, in one process."""

    bulkhead: Bulkhead
    breaker: Breaker
    budget: Budget
    transport: Transport


class Door:
    """Everything sent to one provider goes through here.

    Args:
        service: the provider.
        base_url: asked at each call; paths are appended to it.
        policy: the limits.
        make_breaker: called at first use and after `renew`.
    """

    def __init__(
        self,
        service: Service,
        *,
        base_url: Callable[[], str],
        policy: Policy,
        make_breaker: Callable[[], Breaker],
    ) -> None:
        self.service = service
        self.policy = policy
        self._base_url = base_url
        self._make_breaker = make_breaker
        self.renew()

    def renew(self) -> None:
        """Begin anew: fresh breaker, pool, bulkhead and budget at the next use."""
        self._lock = threading.Lock()
        self._parts: Parts | None = None

    @property
    def parts(self) -> Parts:
        if self._parts is None:
            with self._lock:
                self._parts = self._parts or self._made()
        return self._parts

    def _made(self) -> Parts:
        policy = self.policy
        transport = Transport(
            self.service.label,
            pool_size=policy.bulkhead,
            connect_timeout=policy.connect_timeout,
            max_body=policy.max_body,
        )
        return Parts(Bulkhead(policy.bulkhead), self._make_breaker(), Budget(), transport)

    def snapshot(self) -> Snapshot:
        """The breaker as the tenant of this work meets it now; reading changes nothing."""
        return self.parts.breaker.snapshot().met_by(tenant.current())

    def require_room(self) -> None:
        """Refuse now what `send` would refuse without sending, so that nothing is made ready in
        vain. Nothing is reserved: `send` may refuse all the same.

        Raises:
            ProviderUnavailable: the breaker is open.
            ProviderBusy: the bulkhead is full.
        """
        seen = self.snapshot()
        if seen.state == "open" and seen.retry_after:
            raise self._not_asked(Rejected(self.service.label, "open", seen.retry_after))
        if self.parts.bulkhead.is_full:
            raise self._not_asked(BulkheadFull())

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        json: Any = None,
        data: Any = None,
        auth: Any = None,
        repeatable: bool | None = None,
        deadline: float | None = None,
        base_url: str | None = None,
    ) -> Answer:
        """Send a request and return the provider's answer.

        Args:
            path: from the base URL on, with a leading slash.
            headers, params, json, data, auth: as requests takes them.
            repeatable: whether a second arrival does no harm; by default GET and HEAD only.
            deadline: seconds for everything; the policy's by default.
            base_url: another host of the provider's; the door's by default.

        Returns:
            Any answer but those raised below: 404, 409, 422, a redirect (never followed).

        Raises:
            ProviderAuthFailed: 401 or 403, or a key no HTTP header can carry.
            ProviderRateLimited: 429.
            ProviderUnreachable: no answer in time, a broken or too long one, 408, or 5xx.
            ProviderUnavailable, ProviderBusy: nothing was sent.
        """
        seconds = self.policy.deadline if deadline is None else deadline
        prepared = self._prepare(
            requests.Request(
                method,
                self._url(base_url, path),
                headers={**(headers or {}), correlation.HEADER: _correlation_id()},
                params=params,
                json=json,
                data=data,
                auth=auth,
            )
        )
        if repeatable is None:
            repeatable = method in REPEATABLE_METHODS
        parts = self.parts
        with self._operation(parts, method, seconds) as operation:
            if operation.is_probe:
                parts.transport.drop_idle()
            return with_retries(
                lambda: self._attempt(parts.transport, prepared, operation.deadline),
                operation,
                self.policy,
                parts.budget,
                repeatable=repeatable,
                on_retry=metrics.RETRIES.labels(self.service.label).inc,
            )

    def guard(
        self,
        operation: Callable[[float], T],
        *,
        failures: tuple[type[Exception], ...],
        deadline: float | None = None,
    ) -> T:
        """Put work that is not HTTP behind the same bulkhead and breaker.

        Args:
            operation: gets the seconds it may take, and must keep to them. A `Problem` it raises
                counts as an answer, except where it is a provider problem that says otherwise;
                any other exception says nothing about the provider.
            failures: what it raises when the provider cannot be reached.

        Raises:
            ProviderUnreachable: in place of a failure.
            ProviderUnavailable, ProviderBusy: the operation was not run.
        """
        seconds = self.policy.deadline if deadline is None else deadline
        with self._operation(self.parts, "guard", seconds) as current:
            try:
                current.attempts = 1
                return operation(current.deadline.left())
            except ProviderProblem:
                raise
            except failures as exc:
                current.cause = type(exc).__name__
                unsent = isinstance(exc, ConnectionRefusedError | gaierror)
                raise ProviderUnreachable(self.service, unsent=unsent) from None

    @contextmanager
    def _operation(self, parts: Parts, method: str, seconds: float) -> Iterator[Operation]:
        """Through bulkhead and breaker, then under a deadline."""
        try:
            # The bulkhead first: a call that is refused there must not hold the probe's lease.
            with (
                parts.bulkhead.slot(),
                parts.breaker.calling(seconds + LEASE_SLACK) as ticket,
                watchdog.watching(seconds) as deadline,
            ):
                operation = Operation(deadline, is_probe=ticket.probe is not None)
                admission.waiting()
                with self._measured(method, operation):
                    yield operation
        except (BulkheadFull, Rejected) as exc:
            raise self._not_asked(exc) from None

    def _not_asked(self, why: BulkheadFull | Rejected) -> ProviderProblem:
        """Nothing was sent: logged, counted and put into words."""
        problem: ProviderProblem
        if isinstance(why, Rejected):
            problem = ProviderUnavailable(self.service, retry_after=why.retry_after)
        else:
            metrics.BULKHEAD_REFUSALS.labels(self.service.label).inc()
            problem = ProviderBusy(self.service)
        log.warning("provider not asked", service=self.service.label, outcome=problem.code)
        return problem

    @contextmanager
    def _measured(self, method: str, operation: Operation) -> Iterator[None]:
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
                method=method,
                outcome=problem.code,
                cause=operation.cause,
                attempts=operation.attempts,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )
            raise
        finally:
            duration = metrics.DURATION.labels(self.service.label, outcome)
            duration.observe(time.perf_counter() - started)

    def _url(self, base_url: str | None, path: str) -> str:
        if not path.startswith("/"):
            # "https://api.example.com" + "@elsewhere" would send the key to elsewhere.
            raise ValueError("a path begins with a slash")
        return (base_url or self._base_url()).rstrip("/") + path

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self.parts.transport.prepare(request)
        except UnsendableHeader:
            raise ProviderAuthFailed(self.service) from None

    def _attempt(
        self, transport: Transport, prepared: requests.PreparedRequest, deadline: Deadline
    ) -> Answer:
        try:
            reply = transport.exchange(prepared, deadline)
        except NoAnswer as exc:
            kind = ProviderAnswerTooLong if exc.is_too_long else ProviderUnreachable
            problem = kind(self.service, unsent=exc.unsent)
            raise AttemptFailed(problem, exc.cause, stale=exc.stale) from None
        return classify_response(self.service, reply, datetime.now(UTC))


def _correlation_id() -> str:
    return correlation.current() or correlation.new()
