"""The one door out to a provider: bulkhead, breaker, then attempts within a deadline.

The whole operation, its retries included, is one outcome for the breaker.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from socket import gaierror
from typing import Any, TypeVar

import requests
import structlog

from ava import tenant
from ava.http import correlation
from ava.server import admission
from ava.upstream import metrics, verdict
from ava.upstream.answer import Answer
from ava.upstream.breaker import LEASE_SLACK, Rejected
from ava.upstream.bulkhead import BulkheadFull
from ava.upstream.circuit import Snapshot
from ava.upstream.deadline import Watch, watchdog
from ava.upstream.errors import (
    ProviderAnswerTooLong,
    ProviderAuthFailed,
    ProviderBusy,
    ProviderProblem,
    ProviderUnavailable,
    ProviderUnreachable,
)
from ava.upstream.retry import Retries, Setback
from ava.upstream.service import Policy, Service
from ava.upstream.transport import NoAnswer, UnsendableHeader
from ava.upstream.works import Works

T = TypeVar("T")

log = structlog.get_logger("ava.upstream")

REPEATABLE_METHODS = ("GET", "HEAD")


@dataclass(slots=True)
class Passage:
    """One operation inside the door, and what the log will say of it."""

    works: Works
    watch: Watch
    is_probe: bool
    attempts: int = 1
    cause: str = ""


class Door:
    """Everything sent to one provider goes through here.

    Args:
        service: the provider.
        base_url: asked at each call; paths are appended to it.
        policy: the limits.
        works: makes the door's breaker, pool and so on; called at first use and after `renew`.
    """

    def __init__(
        self,
        service: Service,
        *,
        base_url: Callable[[], str],
        policy: Policy,
        works: Callable[[], Works],
    ) -> None:
        self.service = service
        self.policy = policy
        self._base_url = base_url
        self._make_works = works
        self.renew()

    def renew(self) -> None:
        """Begin anew: fresh breaker, pool, bulkhead and budget at the next use."""
        self._lock = threading.Lock()
        self._works: Works | None = None

    @property
    def works(self) -> Works:
        if self._works is None:
            with self._lock:
                self._works = self._works or self._make_works()
        return self._works

    def snapshot(self) -> Snapshot:
        """The breaker as the tenant of this work meets it now; reading changes nothing."""
        return self.works.breaker.snapshot().met_by(tenant.current())

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
        if self.works.bulkhead.is_full:
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
    ) -> Answer:
        """Send a request and return the provider's answer.

        Args:
            path: from the base URL on, with a leading slash.
            headers, params, json, data, auth: as requests takes them.
            repeatable: whether a second arrival does no harm; by default GET and HEAD only.
            deadline: seconds for everything; the policy's by default.

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
                self._url(path),
                headers={**(headers or {}), correlation.HEADER: _correlation_id()},
                params=params,
                json=json,
                data=data,
                auth=auth,
            )
        )
        if repeatable is None:
            repeatable = method in REPEATABLE_METHODS
        with self._passage(method, seconds) as passage:
            works = passage.works
            if passage.is_probe:
                works.transport.drop_idle()
            retries = Retries(
                self.policy,
                works.budget,
                passage.watch,
                attempts=1 if passage.is_probe else self.policy.attempts,
                repeatable=repeatable,
                retried=metrics.RETRIES.labels(self.service.label).inc,
            )
            result = retries.run(lambda: self._attempt(works, prepared, passage.watch))
            passage.attempts = retries.made
            if isinstance(result, Setback):
                passage.cause = result.cause
                raise result.problem
            return result

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
        with self._passage("guard", seconds) as passage:
            try:
                return operation(passage.watch.left())
            except ProviderProblem:
                raise
            except failures as exc:
                passage.cause = type(exc).__name__
                unsent = isinstance(exc, ConnectionRefusedError | gaierror)
                raise ProviderUnreachable(self.service, unsent=unsent) from None

    @contextmanager
    def _passage(self, method: str, seconds: float) -> Iterator[Passage]:
        """Through bulkhead and breaker; what comes out is measured, logged and put into words."""
        works = self.works
        started = time.perf_counter()
        passage = None
        try:
            # The bulkhead first: whoever is refused there must not hold the probe's lease.
            with (
                works.bulkhead.slot(),
                works.breaker.calling(seconds + LEASE_SLACK) as ticket,
                watchdog.watching(seconds) as watch,
                self._measured(),
            ):
                passage = Passage(works, watch, is_probe=ticket.probe is not None)
                admission.waiting()
                yield passage
        except (BulkheadFull, Rejected) as exc:
            raise self._not_asked(exc) from None
        except ProviderProblem as exc:
            problem = exc
        else:
            return
        log.warning(
            "provider operation failed",
            service=self.service.label,
            method=method,
            outcome=problem.code,
            cause=passage.cause if passage else "",
            attempts=passage.attempts if passage else 0,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
        )
        raise problem from None

    def _not_asked(self, why: BulkheadFull | Rejected) -> ProviderProblem:
        """Nothing was sent: told, counted and put into words."""
        problem: ProviderProblem
        if isinstance(why, Rejected):
            problem = ProviderUnavailable(self.service, retry_after=why.retry_after)
        else:
            metrics.BULKHEAD_REFUSALS.labels(self.service.label).inc()
            problem = ProviderBusy(self.service)
        log.warning("provider not asked", service=self.service.label, outcome=problem.code)
        return problem

    @contextmanager
    def _measured(self) -> Iterator[None]:
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            yield
            outcome = "answered"
        except ProviderProblem as problem:
            outcome = problem.code.removeprefix("provider_")
            raise
        finally:
            duration = metrics.DURATION.labels(self.service.label, outcome)
            duration.observe(time.perf_counter() - started)

    def _url(self, path: str) -> str:
        if not path.startswith("/"):
            # "https://api.example.com" + "@elsewhere" would send the key to elsewhere.
            raise ValueError("a path begins with a slash")
        return self._base_url().rstrip("/") + path

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self.works.transport.prepare(request)
        except UnsendableHeader:
            raise ProviderAuthFailed(self.service) from None

    def _attempt(
        self, works: Works, prepared: requests.PreparedRequest, watch: Watch
    ) -> Answer | Setback:
        try:
            reply = works.transport.exchange(prepared, watch)
        except NoAnswer as exc:
            kind = ProviderAnswerTooLong if exc.is_too_long else ProviderUnreachable
            problem = kind(self.service, unsent=exc.unsent)
            return Setback(problem, exc.cause, stale=exc.stale)
        return verdict.setback(self.service, reply, datetime.now(UTC)) or Answer(
            reply.status, reply.headers, reply.body, self.service
        )


def _correlation_id() -> str:
    return correlation.current() or correlation.new()
