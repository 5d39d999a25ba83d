"""Notifications: a mail when something has stopped a user's work for some minutes, once.

What that is, home says (`ava.console.home`): the mail has the same words and the same next step.
"""

import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from ava import jobs, tenant
from ava.conf import addresses
from ava.console import home
from ava.console.home import Attention
from ava.http.problems import Problem
from ava.jobs import RetryLater
from ava.jobs.services import enqueue
from ava.upstream import ProviderAuthFailed, ProviderProblem
from integrations.email.content import rendering
from integrations.email.services import send_mail
from integrations.notifications.models import Notice, NotificationSettings

log = structlog.get_logger("integrations.notifications")

LOOK: Final = "integrations.notify"
EVERY: Final = 300.0  # seconds between two looks
PATIENCE: Final = timedelta(minutes=4)
"""Time that a trouble has to last: most end by themselves before anybody could act."""
QUIET: Final = timedelta(hours=6)
"""Time for which a trouble that went is remembered: one that comes and goes is one mail."""

_WRITTEN_ABOUT: Final = 1  # the weight of what stops work
_PAUSE: Final = 60.0  # seconds until a mail provider in trouble is asked again


def register() -> None:
    """Have every user looked after who wants to be. Called in `ready()`."""
    jobs.register(LOOK, lambda payload: look(user_id=payload["user"], now=timezone.now()))
    jobs.register_periodic("integrations.notifications", look_after_all, every=EVERY)


def settings_of(user: User) -> NotificationSettings:
    """The user's settings; switched off where none are stored."""
    stored = NotificationSettings.objects.filter(user_id=user.pk).first()
    return stored or NotificationSettings(user_id=user.pk, enabled=False, address=user.email)


def change(*, user: User, enabled: bool, address: str) -> NotificationSettings:
    """Store the user's settings."""
    values = {"enabled": enabled, "address": address, "updated_at": timezone.now()}
    row, _ = NotificationSettings.objects.update_or_create(user_id=user.pk, defaults=values)
    return row


def look_after_all() -> None:
    """Enqueue a look at each user who wants to be written to; one that still waits is enough."""
    wanted = NotificationSettings.objects.filter(enabled=True, user__is_active=True)
    for user_id in wanted.values_list("user_id", flat=True):
        enqueue(LOOK, {"user": user_id}, key=str(user_id), tenant=tenant.key(user_id))


def look(*, user_id: int, now: datetime) -> None:
    """Write to the user of each trouble that has lasted, unless that was done.

    Raises: RetryLater: the mail provider is in trouble.
    """
    wanted = NotificationSettings.objects.select_related("user").filter(pk=user_id).first()
    if wanted is None or not wanted.enabled:
        return
    troubles = {each.topic: each for each in home.collect(user=wanted.user, now=now).attention}
    known = {notice.topic: notice for notice in Notice.objects.filter(owner_id=user_id)}
    Notice.objects.filter(owner_id=user_id, seen_at__lt=now - QUIET).delete()
    for topic, trouble in troubles.items():
        notice = _seen(known.get(topic), user_id=user_id, topic=topic, now=now)
        has_lasted = now - notice.since >= PATIENCE
        if trouble.weight == _WRITTEN_ABOUT and has_lasted and notice.mailed_at is None:
            _write(wanted, trouble, notice, now)


def _seen(notice: Notice | None, *, user_id: int, topic: str, now: datetime) -> Notice:
    """The notice of a trouble that is there; a new one where it had gone."""
    if notice is None or notice.seen_at < now - QUIET:
        return Notice.objects.create(owner_id=user_id, topic=topic, since=now, seen_at=now)
    if notice.mailed_at is None and notice.seen_at < now - timedelta(seconds=2 * EVERY):
        notice.since = now
    notice.seen_at = now
    notice.save(update_fields=["since", "seen_at"])
    return notice


def _address(href: str) -> str:
    """The whole address; empty where AVA_PUBLIC_URL is not set."""
    return f"{addresses.origin(settings.PUBLIC_URL)}{href}" if href and settings.PUBLIC_URL else ""


def _write(wanted: NotificationSettings, trouble: Attention, notice: Notice, now: datetime) -> None:
    fields = {
        "title": trouble.title,
        "what": trouble.text,
        "since": f"{notice.since:%-d %B, %H:%M} UTC",
        "action": trouble.action and f"{trouble.action}.",
        "link": _address(trouble.href),
    }
    mail = rendering.render("alarm", {name: value for name, value in fields.items() if value})
    try:
        send_mail(
            user=wanted.user,
            to=[wanted.address],
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            template="alarm",
            idempotency=uuid.uuid5(notice.pk, notice.since.isoformat()),
        )
    except ProviderProblem as problem:
        if not isinstance(problem, ProviderAuthFailed):
            raise RetryLater(problem.retry_after or _PAUSE, problem.detail) from None
        log.warning("notification not sent", user=wanted.pk, code=problem.code)
    except Problem as problem:  # only people can solve it; the next look tries again
        log.warning("notification not sent", user=wanted.pk, code=problem.code)
    else:
        notice.mailed_at = now
        notice.save(update_fields=["mailed_at"])
