"""Transport: attempts at a request over a provider's pooled session, retries and their budget."""

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import urllib3
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from ava.conf import egress
from ava.upstream import metrics
from ava.upstream.connections import BoundedAdapter, Deadline, attempting, cause_of, refusal_of
from ava.upstream.errors import (
    ProviderAnswerTooLong,
    ProviderAuthFailed,
    ProviderProblem,
    ProviderRateLimited,
    ProviderUnreachable,
)
from ava.upstream.policy import Policy, Service

CHUNK = 64 * 1024

# Everything the stack below raises when no usable answer comes.
_NO_ANSWER = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)

# Of the service itself: a gateway in front of it answers 502 or 504.
ITS_OWN_FAILURES = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)

_SECONDS = re.compile(r"[0-9]+")
# What a provider asks for beyond this is a mistake, or as good as one: nothing waits for days.
LONGEST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer. Headers and body stay out of `repr`: they may hold secrets."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    service: Service
    on_unreadable: Callable[[], None] | None = field(default=None, repr=False, compare=False)

    def json(self) -> Any:
        try:
            return parse_json(self.body)
        except ValueError:
            if self.on_unreadable:
                self.on_unreadable()
            raise ProviderUnreachable(self.service) from None


def parse_json(body: bytes) -> Any:
    """Parsed JSON of a provider. Raises: ValueError, also where it nests too deeply."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


@dataclass(eq=False)
class AttemptFailed(Exception):
    problem: ProviderProblem  # what the caller gets if it was the last
    cause: str  # a word for the log, never for people
    asked: float | None = None  # seconds the provider asked to wait, if it did
    # A kept connection turned out closed; the provider may never have seen the request.
    stale: bool = False


def classify(answer: Answer, now: datetime) -> Answer:
    """The answer, unless its status is one of those in `errors`. Raises: AttemptFailed."""
    service, cause = answer.service, f"status {answer.status}"
    asked = retry_after(answer.headers, now)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise AttemptFailed(ProviderRateLimited(service, retry_after=asked), cause, asked)
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        refused = ProviderAuthFailed(service, refused=answer.status, answer=answer.body)
        raise AttemptFailed(refused, cause)
    if answer.status == HTTPStatus.REQUEST_TIMEOUT or answer.status >= 500:
        problem = ProviderUnreachable(service)
        problem.answered = answer.status in ITS_OWN_FAILURES
        raise AttemptFailed(problem, cause, asked)
    return answer


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` in seconds from now (RFC 9110, 10.2.3: a number or a date), LONGEST_WAIT at
    most; None if unclear."""
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text.lstrip("0")[:9] or 0), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: an hour with too many digits
        return None
    wait = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, wait), LONGEST_WAIT)


class Budget:
    """Retry budget of a provider: a fifth of its operations, and a trickle for quiet times."""

    SHARE = 0.2
    TRICKLE = 0.1  # per second
    MOST = 10.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = self.MOST
        self._seen = clock()

    def earn(self) -> None:
        with self._lock:
            self._refill(self.SHARE)

    def spend(self) -> bool:
        with self._lock:
            self._refill(0)
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def left(self) -> float:
        with self._lock:
            self._refill(0)
            return self._tokens

    def _refill(self, earned: float) -> None:
        now = self._clock()
        trickled = (now - self._seen) * self.TRICKLE
        self._tokens = min(self.MOST, self._tokens + earned + trickled)
        self._seen = now


class Transport(requests.Session):
    """Pooled session of a provider: no cookies, no redirects, so that a key goes where it was sent.

    Of the environment it takes proxies and certificate authorities, once, and no netrc."""

    def __init__(self, service: Service, policy: Policy) -> None:
        super().__init__()
        self.service = service
        self.budget = Budget()
        self.trust_env = False
        self.verify = egress.authorities() or True
        self._route = lru_cache(maxsize=64)(egress.route)
        self.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self.headers = CaseInsensitiveDict(
            {"User-Agent": "AVA", "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        self.pools = BoundedAdapter(pool_connections=2, pool_maxsize=policy.bulkhead)
        self.mount("http://", self.pools)
        self.mount("https://", self.pools)

    def get_redirect_target(self, resp: requests.Response) -> None:
        # Even with redirects off requests would read a redirect's whole body to prepare the next.
        return None

    def prepare(self, request: requests.Request) -> requests.PreparedRequest:
        """Encode a request. Raises: ProviderAuthFailed, where no HTTP header can carry the key."""
        try:
            prepared = self.prepare_request(request)
            for value in prepared.headers.values():
                if isinstance(value, str):
                    value.encode("latin-1")
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            raise ProviderAuthFailed(self.service) from None
        return prepared

    def exchange(self, prepared: requests.PreparedRequest, operation: "Operation") -> Answer:
        """Send once and read the whole answer before the deadline. Raises: AttemptFailed."""
        deadline = operation.deadline
        parts = urlsplit(str(prepared.url))
        way = self._route(parts.scheme, parts.netloc)
        outer = sys.exception()
        with attempting(self.service, deadline) as attempt:
            try:
                answer = self._send(prepared, operation, way)
            except _NO_ANSWER as exc:
                late = deadline.expired
                problem = ProviderUnreachable(self.service, unsent=attempt.unsent)
                cause = cause_of(exc, late, way, outer)
                raise AttemptFailed(problem, cause, stale=attempt.stale and not late) from exc
            finally:
                operation.reused = attempt.reused
        if way.setting and answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            problem = ProviderUnreachable(self.service, unsent=True)
            raise AttemptFailed(problem, refusal_of(way, answer.status))
        return classify(answer, datetime.now(UTC))

    def _send(
        self, prepared: requests.PreparedRequest, operation: "Operation", way: egress.Route
    ) -> Answer:
        left, policy = operation.deadline.left(), operation.policy
        if not left:
            raise requests.Timeout
        response = self.send(
            prepared,
            stream=True,
            allow_redirects=False,
            proxies=way.proxies,
            timeout=(min(policy.connect_timeout, left), left),
        )
        with closing(response):
            body = bytearray()
            while chunk := response.raw.read(CHUNK, decode_content=True):
                body += chunk
                if len(body) > policy.max_body:
                    fine = response.status_code < 400
                    kind = ProviderAnswerTooLong if fine else ProviderUnreachable
                    raise AttemptFailed(kind(self.service), "the answer is too long")
            return Answer(response.status_code, response.headers, bytes(body), self.service)

    def drop_idle(self) -> None:
        """Close idle connections: after an outage they are not worth trying."""
        self.pools.close()


@dataclass(slots=True)
class Operation:
    service: str
    method: str
    path: str
    deadline: Deadline
    policy: Policy
    is_probe: bool
    headers: dict[str, str] = field(default_factory=dict)  # of the next attempt, besides its own
    attempts: int = 0
    outcome: str = ""  # of the last attempt: a status, or a word for the log
    failed: bool = True  # the last attempt, or it was answered with an error
    cause: str = ""
    reused: bool = False  # the last attempt took a kept connection

    @property
    def breaker(self) -> str:
        """The state of the breaker that let it pass."""
        return "half_open" if self.is_probe else "closed"


def with_retries(
    attempt: Callable[[], Answer], operation: Operation, transport: Transport, *, repeatable: bool
) -> Answer:
    """Attempt until there is an answer, or no reason to go on. A probe has one attempt."""
    policy, budget = operation.policy, transport.budget
    most = 1 if operation.is_probe else policy.attempts
    unsent, replayed = True, False
    lost, answered = False, True
    budget.earn()
    while True:
        operation.attempts += 1
        try:
            return attempt()
        except AttemptFailed as failed:
            operation.cause = failed.cause
            # What an earlier attempt may have sent stays sent.
            if isinstance(failed.problem, ProviderUnreachable) and not failed.problem.unsent:
                lost, answered = True, answered and failed.problem.answered
            failed.problem.lost, failed.problem.answered = lost, lost and answered
            unsent = failed.problem.unsent = unsent and failed.problem.unsent
            wait: float | None = None
            if failed.stale and repeatable and not replayed:
                # The server closed a kept connection as we took it: no sign of trouble.
                replayed, wait = True, 0.0
            elif operation.attempts < most and _may_repeat(failed, repeatable):
                left = operation.deadline.left()
                wait = policy.pause(operation.attempts, left, failed.asked)
                wait = wait if wait is not None and budget.spend() else None
            if wait is None:
                raise failed.problem from None
        time.sleep(wait)
        metrics.RETRIES.labels(operation.service).inc()


def _may_repeat(failed: AttemptFailed, repeatable: bool) -> bool:
    if isinstance(failed.problem, ProviderUnreachable):
        return repeatable or failed.problem.unsent
    # A 429 was refused before it was looked at, whatever the method.
    return isinstance(failed.problem, ProviderRateLimited) and failed.asked is not None
