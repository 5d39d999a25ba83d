"""A row of every model that the admin shows, and staff with single permissions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import NOT_PROVIDED, Field, ForeignKey, Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.calendar.models import CalendarEvent
from integrations.credentials import services as credentials
from integrations.email.models import Mail

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
VERBS = ("view", "change", "add", "delete")

SECRET = "planted-secret-0123456789"


def calendar_event(user: User) -> CalendarEvent:
    now = timezone.now()
    return CalendarEvent.objects.create(
        owner=user,
        provider="google",
        status="confirmed",
        reference="planted",
        title="planted-ada",
        start=now.isoformat(),
        end=(now + timedelta(hours=1)).isoformat(),
        time_zone="UTC",
        starts_at=now,
        ends_at=now + timedelta(hours=1),
    )


MAKERS: dict[str, Callable[[User], Model]] = {
    "integrations.CalendarEvent": calendar_event,
    "integrations.Mail": lambda user: Mail.objects.create(
        owner=user,
        status="sent",
        backend="resend",
        holder=str(user.pk),
        from_email="ada@example.com",
        subject="planted-ada",
    ),
    "integrations.Credential": lambda user: credentials.save(
        user=user, provider="vapi", values={"api_key": SECRET}, actor=user, source="api"
    ),
}
"""Models whose rows services make."""
VALUES: dict[str, Any] = {
    "provider": "twilio",
    "status": "queued",
    "state": "queued",
    "from_state": "closed",
    "to_state": "open",
}
"""What database constraints ask for, by the field's name."""


def row(model: type[Model], user: User) -> Any:
    """A row of the user's with all that must be filled in."""
    if model is User:
        return user
    if make := MAKERS.get(model._meta.label):
        return make(user)
    fields = [field for field in model._meta.concrete_fields if _must_be_given(field)]
    return model._default_manager.create(**{one.name: _value(one, user) for one in fields})


def _must_be_given(field: Any) -> bool:
    if isinstance(field, ForeignKey) and field.related_model is User:
        return True
    free = field.primary_key or field.null or field.blank or field.has_default()
    return not free and field.db_default is NOT_PROVIDED


def _value(field: "Field[Any, Any]", user: User) -> Any:
    if isinstance(field, ForeignKey):
        return row(field.related_model, user)
    if field.choices:
        return field.choices[0][0]
    kinds = {
        "CharField": VALUES.get(field.name, "planted"),
        "TextField": "planted",
        "DateField": timezone.now().date(),
        "DateTimeField": timezone.now(),
        "JSONField": {"text": "planted"},
    }
    return kinds.get(field.get_internal_type(), 1)


def address(model: type[Model], page: str, *args: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def permissions(model: type[Model], *verbs: str) -> list[str]:
    return [f"{model._meta.app_label}.{verb}_{model._meta.model_name}" for verb in verbs or VERBS]


def staff(*names: str) -> Client:
    """The browser of somebody with these permissions alone, such as "telephony.view_call"."""
    person = User.objects.create_user(f"sam-{User.objects.count()}", is_staff=True)
    for name in names:
        app, _, codename = name.partition(".")
        found = Permission.objects.get(content_type__app_label=app, codename=codename)
        person.user_permissions.add(found)
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    return browser


def everything() -> dict[str, list[dict[str, Any]]]:
    """The whole database, but for what says who looked."""
    quiet = {"sessions.Session", "admin.LogEntry"}
    models = [model for model in apps.get_models() if model._meta.label not in quiet]
    return {m._meta.label: list(m._base_manager.order_by("pk").values()) for m in models}
