"""Problems of telephony, and the table from Twilio's error codes to them.

Source: https://www.twilio.com/docs/api/errors (each code has a page of its own there). The door
out has already answered 401, 403, 408, 429 and 5xx by their status; what comes here is the rest,
and codes that Twilio sends under another status than one would think.
"""

from collections.abc import Sequence
from http import HTTPStatus

from ava.http.problems import Conflict, NotFound, Problem
from ava.upstream import Service
from ava.upstream.errors import (
    ProviderAuthFailed,
    ProviderProblem,
    ProviderRateLimited,
    ProviderUnreachable,
)
from telephony.twilio.codes import MEANINGS

TWILIO = Service("twilio", "Twilio")


class CallNotFound(NotFound):
    code = "call_not_found"
    detail = "There is no such call."


class MessageNotFound(NotFound):
    code = "message_not_found"
    detail = "There is no such message."


class BatchNotFound(NotFound):
    code = "batch_not_found"
    detail = "There is no such batch of messages."


class CallEnded(Conflict):
    code = "call_ended"
    detail = "This call has ended already."


class MessageGone(Conflict):
    code = "message_gone"
    detail = "This message has been sent already, or was never to be."


class BatchEnded(Conflict):
    code = "batch_ended"
    detail = "This batch has ended already."


class BatchesSpent(Problem):
    """A user's batches hold as many messages as AVA keeps of one user in a day."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "batches_spent"

    def __init__(self, *, most: int, left: int) -> None:
        super().__init__(
            f"AVA takes {most:,} messages in batches from a user in 24 hours: {left:,} are left. "
            "Send fewer, or try again later."
        )


class OptedOut(Conflict):
    code = "recipient_opted_out"
    detail = "This person has opted out with STOP. They must text START first."


class SenderAmbiguous(Problem):
    """No sender was named, and there is not just one."""

    status = HTTPStatus.BAD_REQUEST
    code = "sender_ambiguous"

    def __init__(
        self,
        numbers: Sequence[str],
        *,
        none: str = "Your Twilio account has no number to use. Buy one at twilio.com.",
    ) -> None:
        choice = f"Say which number to use as `from`: {', '.join(numbers)}."
        said = choice if numbers else none
        super().__init__(said, errors={"from": [said]}, extra={"numbers": list(numbers)})


class TwilioNotFound(NotFound):
    code = "twilio_not_found"
    detail = "Twilio has no such resource in your account."


class TwilioAccountGone(Conflict):
    """It began with an account that AVA has no keys of any more."""

    code = "twilio_account_gone"
    why = (
        "whose keys are not stored any more. Until they are stored again AVA can neither go on "
        "with it nor learn how it ends."
    )

    def __init__(self, account_sid: str) -> None:
        super().__init__(f"This began with the Twilio account ...{account_sid[-4:]}, {self.why}")


class TwilioAccountExchanged(TwilioAccountGone):
    """It is not at Twilio, and the user's calls and messages go out with another account by now."""

    why = "and another one is stored since. AVA does not try it again with that one."


class OwnerInactive(Problem):
    """The owner's AVA account is deactivated."""

    status = HTTPStatus.FORBIDDEN
    code = "owner_inactive"
    detail = "The AVA account of its owner is deactivated. Nothing was sent."


class TwilioAccountInactive(Problem):
    status = HTTPStatus.CONFLICT
    code = "twilio_account_inactive"
    detail = (
        "Your Twilio account is suspended or closed. Sign in at twilio.com to see why, "
        "then try again."
    )


class TwilioRejected(Problem):
    """Twilio will not do this, for a reason that the caller can do something about.

    Attributes:
        twilio_code: Twilio's own.
    """

    status = HTTPStatus.BAD_REQUEST
    code = "twilio_rejected"

    def __init__(self, twilio_code: int) -> None:
        meaning = MEANINGS[twilio_code]
        errors = {meaning.field: [meaning.sentence]} if meaning.field else None
        super().__init__(meaning.sentence, errors=errors, extra={"twilio_code": twilio_code})
        self.twilio_code = twilio_code


class TwilioRefused(Problem):
    """Twilio answered, understood, and said no, for a reason that only the operator can mend.

    Attributes:
        twilio_code: Twilio's own, if it gave one.
        lasts: AVA knows the reason: nothing else gets through, either, until it is mended.
    """

    status = HTTPStatus.BAD_GATEWAY
    code = "twilio_refused"

    def __init__(self, twilio_code: int | None = None) -> None:
        known = MEANINGS.get(twilio_code or 0)
        where = f" See https://www.twilio.com/docs/errors/{twilio_code}" if twilio_code else ""
        said = "Twilio did not accept AVA's request. Give your operator the correlation ID."
        super().__init__(
            known.sentence if known else f"{said}{where}",
            extra={"twilio_code": twilio_code} if twilio_code else None,
        )
        self.twilio_code = twilio_code
        self.lasts = known is not None


_PROVIDER: dict[int, type[ProviderProblem]] = {
    20003: ProviderAuthFailed,  # Permission denied
    20006: ProviderAuthFailed,  # Access denied
    20008: ProviderAuthFailed,  # Test credentials
    20151: ProviderAuthFailed,  # Authentication failed
    20403: ProviderAuthFailed,  # Forbidden
    20429: ProviderRateLimited,  # Too many requests
    20500: ProviderUnreachable,  # Internal server error
    20503: ProviderUnreachable,  # Service unavailable
    20504: ProviderUnreachable,  # Twilio internal error
}
_OWN: dict[int, type[Problem]] = {
    10001: TwilioAccountInactive,  # Account is not active
    20005: TwilioAccountInactive,  # Account not active
    20404: TwilioNotFound,  # Not found
    21471: TwilioNotFound,  # Account does not exist
    21472: TwilioAccountInactive,  # Account is not active
}


def problem_for(code: int | None, status: int) -> Problem:
    """The problem to raise for an error answer.

    Args:
        code: Twilio's own, where the body holds one.
        status: of the HTTP answer; decides when there is no code.
    """
    if code in _PROVIDER:
        return _PROVIDER[code](TWILIO)
    if code in _OWN:
        return _OWN[code]()
    if code in MEANINGS and status < 500 and not MEANINGS[code].operators:
        return TwilioRejected(code)
    if code is None and status == HTTPStatus.NOT_FOUND:
        return TwilioNotFound()
    return TwilioRefused(code)
