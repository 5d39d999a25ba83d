"""Problems of mails."""

from collections.abc import Sequence
from http import HTTPStatus

from ava.http.problems import Conflict, NotFound, Problem


class MailNotFound(NotFound):
    code = "mail_not_found"
    detail = "There is no such e-mail."


class MailRefused(Problem):
    """The provider does not take this mail; another one would hardly, either."""

    status = HTTPStatus.BAD_REQUEST
    code = "mail_refused"


class MailSenderRefused(Problem):
    """The provider does not send from this address, which another one may do."""

    status = HTTPStatus.BAD_REQUEST
    code = "mail_sender_refused"


class MailAccountGone(Conflict):
    """The credentials of the first attempt are not stored any more."""

    code = "mail_account_gone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"This was begun with {name} credentials that are not stored any more. AVA does not "
            "send it with others."
        )


class MailOwnerInactive(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "mail_owner_inactive"
    detail = "The AVA account of its owner is deactivated."


class AddressSuppressed(Problem):
    """A recipient is on the user's list of suppressions. The mail is sent to none of them."""

    status = HTTPStatus.BAD_REQUEST
    code = "address_suppressed"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"{address} gets no mail: {reason}. Take it off your list of suppressions to send "
            "there again."
        )


class SuppressionNotFound(NotFound):
    code = "suppression_not_found"
    detail = "This address is not on your list of suppressions."


class TemplateNotFound(NotFound):
    code = "mail_template_not_found"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no template called {name[:40]!r}. Choose one of {', '.join(known)}."
        )
