"""Problems: AVA's tree of errors, rendered as problem+json (RFC 9457).

Raise a `Problem` anywhere below a view. Programs switch on its `code` (docs/INTEGRATIONS.md).
"""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from ava.http import correlation, metrics

CONTENT_TYPE = "application/problem+json"

Errors = Mapping[str, list[str]]
# The key of what is wrong with no single field.
WHOLE = "non_field_errors"
# Fields in a sentence; `errors` has all of them.
MOST_NAMED = 3


class Problem(Exception):
    """An answer that is an error, in words a person understands.

    Args:
        detail: the sentence; the class's own when left out.
        retry_after: seconds after which trying again may help; rounded up, at least 1.
        errors: field name -> sentences, for input that did not validate.
        extra: further members of the JSON body.
    """

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal_error"
    detail: str = "Something went wrong on our side. Quote the correlation ID when you report it."
    # Not AVA's own doing; what the error budget leaves out.
    is_providers: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        metrics.introduce(cls.code, cls.status, is_providers=cls.is_providers)

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after: float | None = None,
        errors: Errors | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        if detail is not None:
            self.detail = detail
        super().__init__(self.detail)
        self.retry_after = None if retry_after is None else max(1, math.ceil(retry_after))
        self.errors = errors
        self.headers = dict(headers or {})
        if self.retry_after is not None:
            self.headers.setdefault("Retry-After", str(self.retry_after))
        self.extra = dict(extra or {})

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def body(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "type": f"urn:ava:problem:{self.code}",
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            "code": self.code,
            "correlation_id": correlation.current(),
        }
        if self.retry_after is not None:
            members["retry_after"] = self.retry_after
        if self.errors is not None:
            members["errors"] = dict(self.errors)
        return {**self.extra, **members}


metrics.introduce(Problem.code, Problem.status, is_providers=False)


class ValidationFailed(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "validation_failed"

    def __init__(self, detail: str | None = None, *, errors: Errors) -> None:
        super().__init__(detail or _sentence(errors), errors=errors)


def _sentence(errors: Errors) -> str:
    fields = {name: messages for name, messages in errors.items() if name != WHOLE}
    if len(fields) > 1:
        named = [f"`{name}`" for name in fields]
        last = f"{len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else named.pop()
        return f"Check the fields {', '.join(named[:MOST_NAMED])} and {last}."
    name, messages = next(iter((fields or errors).items()))
    return messages[0] if name == WHOLE else f"Check the field `{name}`: {messages[0]}"


class MalformedRequest(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "malformed_request"
    detail = "The request could not be read. Send valid JSON."


class Overloaded(Problem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "overloaded"
    detail = "AVA receives more than it can hold right now. Please send it again."


class DatabaseUnavailable(Problem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "database_unavailable"
    detail = "AVA's database does not answer right now. Please try again in a moment."


class NotAuthenticated(Problem):
    status = HTTPStatus.UNAUTHORIZED
    code = "not_authenticated"
    detail = "Log in first: send a valid access token."


class PermissionRefused(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "permission_denied"
    detail = "You are not allowed to do this."


class NotFound(Problem):
    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    detail = "There is nothing at this address."


class MethodNotAllowed(Problem):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"
    detail = "This address does not take that method."


class NotAcceptable(Problem):
    status = HTTPStatus.NOT_ACCEPTABLE
    code = "not_acceptable"
    detail = "AVA answers in JSON only. Accept application/json."


class Conflict(Problem):
    status = HTTPStatus.CONFLICT
    code = "conflict"
    detail = "This clashes with the present state. Read it again and retry."


class LengthRequired(Problem):
    status = HTTPStatus.LENGTH_REQUIRED
    code = "length_required"
    detail = "Send the body with a Content-Length, not in chunks."


class PreconditionFailed(Problem):
    status = HTTPStatus.PRECONDITION_FAILED
    code = "precondition_failed"
    detail = "This is not what If-Match stands for. Read it again, then decide."


class PayloadTooLarge(Problem):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "payload_too_large"
    detail = "The request body is too large."


class UnsupportedMediaType(Problem):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"
    detail = "Send the body as application/json."


class RateLimited(Problem):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"

    def __init__(self, *, retry_after: float, headers: Mapping[str, str] | None = None) -> None:
        seconds = max(1, math.ceil(retry_after))
        super().__init__(
            f"Too many requests. Please try again in {seconds}s.",
            retry_after=seconds,
            headers=headers,
        )
