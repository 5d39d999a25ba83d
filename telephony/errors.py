"""Problems of calls, messages and batches; those that Twilio answers are in `twilio.errors`."""

from collections.abc import Sequence
from http import HTTPStatus

from ava.http.problems import Conflict, NotFound, Problem


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
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "batches_spent"

    def __init__(self, *, most: int, left: int) -> None:
        super().__init__(
            f"AVA takes {most:,} messages in batches from a user in 24 hours: {left:,} are left. "
            "Send fewer, or try again later."
        )


class OptedOut(Conflict):
    code = "recipient_opted_out"

    def __init__(self, *, by_hand: bool) -> None:
        super().__init__(
            "This person is on your list of opt-outs. Take them off first."
            if by_hand
            else "This person has opted out with STOP. They must text START first."
        )


class OptOutNotFound(NotFound):
    code = "opt_out_not_found"
    detail = "This person is not on your list of opt-outs."


class OptOutNotYours(Conflict):
    code = "opt_out_not_yours"
    detail = (
        "This person wrote STOP to a number of your operator's, which others use, too. It holds "
        "until they text START."
    )


class SenderAmbiguous(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "sender_ambiguous"

    def __init__(
        self,
        numbers: Sequence[str],
        *,
        none: str = "Your Twilio account has no number to use. Buy one at twilio.com.",
    ) -> None:
        choice = f"Say which number to use as `from`: {', '.join(numbers)}."
        detail = choice if numbers else none
        super().__init__(detail, errors={"from": [detail]}, extra={"numbers": list(numbers)})


class TwilioAccountGone(Conflict):
    code = "twilio_account_gone"
    why = (
        "whose keys are not stored any more. Until they are stored again AVA can neither go on "
        "with it nor learn how it ends."
    )

    def __init__(self, account_sid: str) -> None:
        super().__init__(f"This began with the Twilio account ...{account_sid[-4:]}, {self.why}")


class TwilioAccountExchanged(TwilioAccountGone):
    """Twilio account replaced before the call or message was at Twilio."""

    why = "and another one is stored since. AVA does not try it again with that one."


class OwnerInactive(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "owner_inactive"
    detail = "The AVA account of its owner is deactivated. Nothing was sent."
