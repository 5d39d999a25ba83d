"""Twilio's errors as problems and sentences for people, by code: error_codes.csv.

Source: https://www.twilio.com/docs/api/errors, a page for each code. The table has those that
AVA's requests can end with: it sends no media and dials no SIP of its own. The door out has
already answered 401, 403, 408, 429 and 5xx.
"""

import csv
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

from ava.http.problems import NotFound, Problem
from ava.upstream import Service
from ava.upstream.errors import ProviderAuthFailed, ProviderRateLimited, ProviderUnreachable

TWILIO = Service("twilio", "Twilio")

with Path(__file__).with_name("error_codes.csv").open(encoding="utf-8", newline="") as _table:
    MEANINGS = {int(code): row for row in csv.DictReader(_table) for code in row["codes"].split()}
"""The row of each code: its `problem`, the `field` of the request that it is about, if any, and a
`sentence`, unless the problem has its own."""


class TwilioNotFound(NotFound):
    code = "twilio_not_found"
    detail = "Twilio has no such resource in your account."


class TwilioAccountInactive(Problem):
    status = HTTPStatus.CONFLICT
    code = "twilio_account_inactive"
    detail = (
        "Your Twilio account is suspended or closed. Sign in at twilio.com to see why, "
        "then try again."
    )


class TwilioRejected(Problem):
    """Twilio will not do this, for a reason that the caller can do something about."""

    status = HTTPStatus.BAD_REQUEST
    code = "twilio_rejected"

    def __init__(self, twilio_code: int) -> None:
        row = MEANINGS[twilio_code]
        errors = {row["field"]: [row["sentence"]]} if row["field"] else None
        super().__init__(row["sentence"], errors=errors, extra={"twilio_code": twilio_code})
        self.twilio_code = twilio_code


class TwilioRefused(Problem):
    """Twilio refused, for a reason that only the operator can fix. It `lasts` where AVA knows the
    reason: nothing else gets through, either, until it is fixed."""

    is_providers = True
    status = HTTPStatus.BAD_GATEWAY
    code = "twilio_refused"

    def __init__(self, twilio_code: int | None = None) -> None:
        known = MEANINGS.get(twilio_code or 0)
        where = f" See https://www.twilio.com/docs/errors/{twilio_code}" if twilio_code else ""
        detail = "Twilio did not accept AVA's request. Give your operator the correlation ID."
        super().__init__(
            known["sentence"] if known else f"{detail}{where}",
            extra={"twilio_code": twilio_code} if twilio_code else None,
        )
        self.twilio_code = twilio_code
        self.lasts = known is not None


# The table's other words are `rejected`, which the user can do something about, and `refused`.
_PROBLEMS: dict[str, Callable[[], Problem]] = {
    "auth_failed": partial(ProviderAuthFailed, TWILIO),
    "rate_limited": partial(ProviderRateLimited, TWILIO),
    "unreachable": partial(ProviderUnreachable, TWILIO),
    "account_inactive": TwilioAccountInactive,
    "not_found": TwilioNotFound,
}


def problem_for(code: int | None, status: int) -> Problem:
    """The problem to raise for an error answer; its HTTP status decides when there is no code."""
    if code is None:
        return TwilioNotFound() if status == HTTPStatus.NOT_FOUND else TwilioRefused()
    problem = MEANINGS[code]["problem"] if code in MEANINGS else "refused"
    if problem in _PROBLEMS:
        return _PROBLEMS[problem]()
    return TwilioRejected(code) if problem == "rejected" and status < 500 else TwilioRefused(code)


def sentence(code: int) -> str:
    """The meaning of a code that a call or message ended with."""
    known = MEANINGS[code]["sentence"] if code in MEANINGS else ""
    return known or f"Twilio reports error {code}. See https://www.twilio.com/docs/errors/{code}"
