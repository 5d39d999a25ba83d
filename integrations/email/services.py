"""E-mail of a user. In this release the stub alone answers; Resend and SMTP can be verified."""

from contextlib import suppress
from dataclasses import dataclass

import structlog
from django.contrib.auth.models import User

from integrations import runtime_config
from integrations.credentials.errors import CredentialsMissing
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.services import credentials_for
from integrations.errors import DeliveryNotAvailable, StubsDisabled

log = structlog.get_logger("integrations.email")

BACKENDS = ("resend", "smtp")
ENABLE = "Configure Resend or SMTP in Settings → Email to enable delivery."


@dataclass(frozen=True)
class Outcome:
    backend: str
    delivered: bool
    message: str


def send_test(*, user: User, to: str, subject: str, text: str) -> Outcome:
    """Send a test e-mail through the user's backend; the stub says that it sends nothing."""
    for backend in BACKENDS:
        with suppress(CredentialsMissing):
            credentials_for(user=user, provider=backend)
            raise DeliveryNotAvailable(PROVIDERS[backend].name)
    if not runtime_config.is_on("INTEGRATIONS_STUB_MODE", user=user):
        raise StubsDisabled("Please configure a real email provider in Settings.")
    # Addresses and texts are private: the log only says that nothing was sent.
    log.info("stub e-mail", subject_length=len(subject), text_length=len(text))
    return Outcome(
        backend="stub", delivered=False, message=f"Email not sent in stub mode. {ENABLE}"
    )
