from http import HTTPStatus

from ava.http.problems import Conflict, Problem


class DeliveryNotAvailable(Conflict):
    """The user has configured a real provider, and this release cannot send through it."""

    code = "email_delivery_not_available"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Your {name} credentials are stored, but sending through {name} is not part of this "
            "release of AVA. Nothing was sent."
        )


class SmtpHostRefused(Problem):
    """The SMTP host leads into AVA's own network (server-side request forgery), or nowhere."""

    status = HTTPStatus.BAD_REQUEST
    code = "smtp_host_refused"
    detail = (
        "AVA cannot connect to this SMTP host and port. Use the public host name of your mail "
        "provider and port 25, 465, 587 or 2525."
    )
