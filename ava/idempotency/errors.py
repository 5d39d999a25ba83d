"""Keys that cannot be served (section 2.7 of the draft)."""

from http import HTTPStatus

from ava.http.problems import Problem


class KeyInvalid(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "idempotency_key_invalid"
    detail = "Idempotency-Key must be 1 to 255 printable ASCII characters, for instance a UUID."


class KeyReused(Problem):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used with another body. Make a new key for a new request."


class InProgress(Problem):
    status = HTTPStatus.CONFLICT
    code = "idempotency_in_progress"
    detail = "A request with this Idempotency-Key is still under way. Ask again in a moment."
