"""Errors that the caller of a provider may meet; `outcome` is what they mean to the breaker."""

import math
from http import HTTPStatus
from typing import ClassVar

from ava.http.problems import Problem
from ava.upstream.circuit import Outcome
from ava.upstream.policy import Service


class ProviderProblem(Problem):
    """A provider did not do what was asked; `unsent`: it certainly never got the request.

    `lost`: an attempt of the operation, not always the last, may have been done all the same.
    `answered`: all that are lost ended with the provider's own 500 or 503, so that none is on its
    way still; a gateway's 502 or 504 does not say so. `cause`: words for the log and the activity,
    where it is not HTTP's.
    """

    is_providers = True
    outcome: ClassVar[Outcome] = Outcome.NEUTRAL
    sentence: ClassVar[str]
    unsent = False
    lost = False
    answered = False
    cause = ""

    def __init__(
        self,
        service: Service,
        *,
        retry_after: float | None = None,
        unsent: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        seconds = None if retry_after is None else max(1, math.ceil(retry_after))
        sentence = self.sentence.format(provider=service.name, seconds=seconds)
        super().__init__(sentence, retry_after=seconds, headers=headers)
        self.service = service.label
        self.unsent = unsent or self.unsent


def outcome_of(exc: BaseException) -> Outcome:
    if isinstance(exc, ProviderProblem):
        return exc.outcome
    if isinstance(exc, Problem):
        return Outcome.SUCCESS  # the provider's answer was understood, and refused
    return Outcome.NEUTRAL


class ProviderRateLimited(ProviderProblem):
    """The provider said 429, and perhaps how many seconds to wait."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "provider_rate_limited"
    sentence = "Too many requests to {provider}. Please try again in a moment."


class ProviderAuthFailed(ProviderProblem):
    """The provider refused the key: it is alive. `refused` is its status, 401 or 403, and `answer`
    its body, never shown."""

    status = HTTPStatus.UNAUTHORIZED
    code = "provider_auth_failed"
    outcome = Outcome.SUCCESS
    sentence = "Invalid {provider} API key. Please update your credentials in Settings."

    def __init__(
        self, service: Service, *, refused: int = HTTPStatus.UNAUTHORIZED, answer: bytes = b""
    ) -> None:
        # The scheme is the provider's, never Bearer: a frontend must know it from its own login.
        scheme = service.name.replace(" ", "-")
        super().__init__(service, headers={"WWW-Authenticate": f'{scheme} realm="provider"'})
        self.refused = refused
        self.answer = answer


class ProviderUnreachable(ProviderProblem):
    """No usable answer: connection, TLS, DNS, time-out, 5xx, 408, or garbage."""

    status = HTTPStatus.BAD_GATEWAY
    code = "provider_unreachable"
    outcome = Outcome.FAILURE
    sentence = "Connection to {provider} failed. Please try again later."


class ProviderAnswerTooLong(ProviderUnreachable):
    """An answer that is not read to its end; no account may open the breaker by its length."""

    outcome = Outcome.NEUTRAL


class ProviderUnavailable(ProviderProblem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "provider_unavailable"
    sentence = "{provider} is temporarily unavailable. Please try again in {seconds}s."
    unsent = True


class ProviderBusy(ProviderProblem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "provider_busy"
    sentence = "{provider} is busy. Please try again in a moment."

    def __init__(self, service: Service) -> None:
        # It empties within moments, or the breaker opens.
        super().__init__(service, retry_after=1.0, unsent=True)
