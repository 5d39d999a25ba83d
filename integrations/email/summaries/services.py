"""Summary mails: after a call by an assistant, to whom the user wants, once."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.contrib.auth.models import User
from django.utils import timezone

from ava.http.problems import Problem
from ava.jobs import RetryLater
from ava.upstream import ProviderAuthFailed, ProviderProblem
from integrations.email.content import rendering
from integrations.email.services import send_mail
from integrations.email.summaries.models import SummarySettings
from integrations.email.suppressions import services as suppressions

log = structlog.get_logger("integrations.email")

SUMMARY: Final = "call_summary"
PLAIN: Final = "plain"
_CALLS: Final = uuid.UUID("5f0a4d5e-5a0b-4c36-9a52-3b6a7a9b8c11")
_PATIENCE: Final = 60.0  # seconds until a provider in trouble is asked again


def settings_of(user: User) -> SummarySettings:
    """The user's settings; switched off where none are stored."""
    stored = SummarySettings.objects.filter(user_id=user.pk).first()
    return stored or SummarySettings(
        user_id=user.pk, enabled=False, recipients=[], template=SUMMARY, transcript=False
    )


def change(*, user: User, **values: Any) -> SummarySettings:
    """Store the user's settings."""
    row, _ = SummarySettings.objects.update_or_create(
        user_id=user.pk, defaults={**values, "updated_at": timezone.now()}
    )
    return row


def send(*, user: User, call_id: str, context: Mapping[str, str]) -> None:
    """Send the summary of a call, if the user wants it. Called again, it sends nothing more.

    Args:
        context: fields of the template call_summary.

    Raises: RetryLater: the provider is in trouble.
    """
    wanted = settings_of(user)
    if not wanted.enabled:
        return
    # A recipient who wants no more mails must not keep the others from getting theirs.
    to = suppressions.allowed(user=user, addresses=wanted.recipients)
    if not to:
        return
    filled = {name: value for name, value in context.items() if value}
    if not wanted.transcript:
        filled.pop("transcript", None)
    mail = rendering.render(SUMMARY, filled)
    if wanted.template == PLAIN:
        mail = rendering.render(PLAIN, {"body": mail.text}, subject=mail.subject)
    try:
        send_mail(
            user=user,
            to=to,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            template=wanted.template,
            idempotency=uuid.uuid5(_CALLS, f"{user.pk} {call_id}"),
        )
    except ProviderProblem as problem:
        if not isinstance(problem, ProviderAuthFailed):
            raise RetryLater(problem.retry_after or _PATIENCE, problem.detail) from None
        log.warning("summary not sent", user=user.pk, code=problem.code)
    except Problem as problem:  # only people can solve it; the mail's row shows it, if there is one
        log.warning("summary not sent", user=user.pk, code=problem.code)
