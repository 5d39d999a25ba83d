"""Rows of a tenant, by model: who owns what. A new model needs a line here, or a test fails."""

from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from ava.activity.services import write
from ava.jobs.models import Job
from sandbox.vapi import seed
from tests.walls import rows

Rows = dict[str, dict[str, Any]]

OWNED: dict[str, Callable[[User], Q]] = {
    "accounts.ApiToken": lambda user: Q(user=user),
    "accounts.Session": lambda user: Q(user=user),
    "activity.Activity": lambda user: Q(owner=user),
    "admin.LogEntry": lambda user: Q(user=user),
    "auth.User": lambda user: Q(pk=user.pk),
    "idempotency.Request": lambda user: Q(user=user),
    "inbound.Delivery": lambda user: Q(owner=user),
    "inbound.Volume": lambda user: Q(owner=user),
    "integrations.AuthorizationRequest": lambda user: Q(user=user),
    "integrations.CalendarEvent": lambda user: Q(owner=user),
    "integrations.CalendarEventEntry": lambda user: Q(intent__owner=user),
    "integrations.CalendarFeed": lambda user: Q(user=user),
    "integrations.Connection": lambda user: Q(user=user),
    "integrations.Credential": lambda user: Q(user=user),
    "integrations.CredentialChange": lambda user: Q(owner=user) | Q(actor=user),
    "integrations.FlagOverride": lambda user: Q(user=user),
    "integrations.Mail": lambda user: Q(owner=user),
    "integrations.MailAttachment": lambda user: Q(mail__owner=user),
    "integrations.MailEntry": lambda user: Q(intent__owner=user),
    "integrations.Notice": lambda user: Q(owner=user),
    "integrations.NotificationSettings": lambda user: Q(user=user),
    "integrations.SummarySettings": lambda user: Q(user=user),
    "integrations.Suppression": lambda user: Q(user=user),
    "integrations.OperatorUse": lambda user: Q(user=user),
    "integrations.Recipient": lambda user: Q(mail__owner=user),
    "jobs.Job": lambda user: Q(pk__in=[job.pk for job in _jobs_of(user)]),
    "sessions.Session": lambda user: Q(pk__in=[one.pk for one in _sessions_of(user)]),
    "telephony.Batch": lambda user: Q(owner=user),
    "telephony.Call": lambda user: Q(owner=user),
    "telephony.CallEntry": lambda user: Q(intent__owner=user),
    "telephony.Message": lambda user: Q(owner=user),
    "telephony.MessageEntry": lambda user: Q(intent__owner=user),
    "telephony.OptOut": lambda user: Q(holder=str(user.pk)),
    "telephony.Pace": lambda user: Q(owner=user),
    "vapi_settings.BookingTool": lambda user: Q(user=user),
    "vapi_settings.AccountGeneration": lambda user: Q(owner=user),
    "vapi_settings.AssistantLease": lambda user: Q(assistant_id=seed.ASSISTANT_ID),
    "vapi_settings.Revision": lambda user: Q(owner=user) | Q(by=user),
}
SHARED = {
    "accounts.WrongPasswords": "how often an account or an address guessed; no names",
    "auth.Group": "the operator's",
    "auth.Permission": "Django's",
    "contenttypes.ContentType": "Django's",
    "inbound.Refusal": "what nobody could prove; for the operator only",
    "integrations.BreakerControl": "the operator's",
    "integrations.BreakerEvent": "of a provider, for everybody; no names",
    "integrations.Flag": "the operator's",
}


def snapshot(user: User) -> dict[str, Rows]:
    """All that is the tenant's, by model and primary key."""
    write()
    return {label: _values(_rows(label).filter(mine(user))) for label, mine in OWNED.items()}


def changes(before: dict[str, Rows], after: dict[str, Rows]) -> list[str]:
    """What is not as it was, a sentence each."""
    return [
        f"{label} {key}: {_difference(rows.get(key), after[label].get(key))}"
        for label, rows in before.items()
        for key in sorted(rows.keys() | after[label].keys())
        if rows.get(key) != after[label].get(key)
    ]


def add_what_no_door_gives(user: User, operator: User) -> None:
    """Rows that only operators, the console, or a browser make for a tenant."""
    from django.test import Client

    from integrations.calendar.models import (
        AuthorizationRequest,
        CalendarFeed,
        Connection,
    )
    from integrations.credentials.models import OperatorUse
    from integrations.email.models import Mail, MailAttachment
    from integrations.email.summaries.models import SummarySettings
    from integrations.email.suppressions.models import Suppression
    from integrations.flags.models import Flag, FlagOverride
    from integrations.notifications.models import Notice, NotificationSettings
    from vapi_settings.models import BookingTool

    for mail in Mail.objects.filter(owner=user):
        MailAttachment.objects.create(mail=mail, filename="x.pdf", size=1, content=b"x")
    Connection.objects.create(user=user, provider="google", account="a@b.c", tokens='["x", "y"]')
    AuthorizationRequest.objects.create(
        user=user, provider="microsoft", verifier="x", expires_at=timezone.now()
    )
    Suppression.objects.create(user=user, address="planted-ada@example.com", reason="user")
    SummarySettings.objects.create(user=user, recipients=["planted-ada@example.com"])
    NotificationSettings.objects.create(user=user, address="planted-ada@example.com")
    now = timezone.now()
    Notice.objects.create(owner=user, topic="planted-ada", since=now, seen_at=now)
    BookingTool.objects.create(user=user, title="planted-ada")
    event = rows.calendar_event(user)
    event.timeline.create(status="confirmed", source="api")
    CalendarFeed.objects.create(user=user, digest="x")
    OperatorUse.objects.create(user=user, provider="twilio", day=timezone.now(), count=1)
    flag = Flag.objects.create(name="walls", updated_by=operator)
    FlagOverride.objects.create(flag=flag, user=user, state=FlagOverride.State.ON)
    LogEntry.objects.log_actions(user.pk, User.objects.filter(pk=user.pk), 2, single_object=True)
    Client().force_login(user)


def all_models() -> Iterable[str]:
    return (model._meta.label for model in apps.get_models())


def _rows(label: str) -> QuerySet[Model]:
    return QuerySet(apps.get_model(label))


def _values(rows: QuerySet[Any]) -> Rows:
    key = rows.model._meta.pk.attname
    return {str(row[key]): row for row in rows.values()}


def _difference(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    if before is None or after is None:
        return "is new" if before is None else "is gone"
    changed = [name for name in before if before[name] != after[name]]
    return ", ".join(f"{name} {before[name]!r} -> {after[name]!r}"[:200] for name in changed)


def _jobs_of(user: User) -> Iterable[Job]:
    """Jobs whose payload or key names a row of the tenant's."""
    names = {
        str(key)
        for label in (
            "integrations.CalendarEvent",
            "integrations.Mail",
            "telephony.Call",
            "telephony.Message",
            "telephony.Batch",
            "inbound.Delivery",
        )
        for key in _rows(label).filter(owner=user).values_list("pk", flat=True)
    }
    for job in Job.objects.all():
        told = f"{job.key} {job.payload}"
        if job.payload.get("user") == user.pk or any(name in told for name in names):
            yield job


def _sessions_of(user: User) -> Iterable[Session]:
    for one in Session.objects.all():
        if one.get_decoded().get("_auth_user_id") == str(user.pk):
            yield one
