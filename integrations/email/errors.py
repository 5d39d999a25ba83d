"""Problems of mails."""

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
