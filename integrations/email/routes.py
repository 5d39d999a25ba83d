"""Routes of a user's mails: Resend or SMTP, each with whose credentials it uses."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.crypto import salted_hmac

from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import serving
from integrations.credentials.store import Credentials
from integrations.email.errors import MailAccountGone
from integrations.email.models import OPERATOR, Mail

BACKENDS = ("resend", "smtp")
"""Mail providers in the order in which they are tried."""


@dataclass(frozen=True)
class Route:
    """One way to send."""

    credentials: Credentials
    holder: str

    @property
    def backend(self) -> str:
        return self.credentials.provider

    @property
    def from_email(self) -> str:
        return self.credentials.fields.get("from_email") or settings.RESEND_FROM_EMAIL

    @property
    def account(self) -> str:
        """Fingerprint of the account: under another one an idempotency key means nothing."""
        fields = PROVIDERS[self.backend].destination
        named = "\0".join(self.credentials.fields[name] for name in fields)
        return salted_hmac("integrations.email.account", named, algorithm="sha256").hexdigest()

    def lead(self, mail: Mail) -> None:
        """Have the mail take this route."""
        mail.backend, mail.holder, mail.account = self.backend, self.holder, self.account
        mail.from_email = self.from_email


def serving_user(user: User) -> list[Route]:
    """The user's own, or the operator's where the user has none; empty: none. Raises:
    CredentialsMissing, CredentialsUnreadable."""
    return [
        Route(found, str(user.pk) if found.source == "user" else OPERATOR)
        for found in serving(user=user, providers=BACKENDS)
    ]


def of(mail: Mail) -> Route:
    """The route that the mail has taken. Raises: MailAccountGone, CredentialsMissing,
    CredentialsUnreadable."""
    for route in serving_user(mail.owner):
        if (route.backend, route.holder, route.account) == (
            mail.backend,
            mail.holder,
            mail.account,
        ):
            return route
    raise MailAccountGone(PROVIDERS[mail.backend].name)


def after(mail: Mail) -> Route | None:
    """The route to try where that of the mail has failed."""
    rest = BACKENDS[BACKENDS.index(mail.backend) + 1 :]
    found = (route for route in serving_user(mail.owner) if route.holder == mail.holder)
    return next((route for route in found if route.backend in rest), None)
