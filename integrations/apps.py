from datetime import UTC
from functools import partial

from django.apps import AppConfig
from django.conf import settings
from django.utils import timezone


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from ava import jobs, ratelimit, upstream
        from ava.activity import sources
        from ava.backup import holding
        from ava.console import home as home_page
        from ava.console.navigation import Room, register
        from ava.erasure import steps as person
        from ava.inbound.services import register_handler
        from ava.intents import keyed
        from ava.intents.activity import timelines
        from ava.jobs import pruning
        from ava.server import worker
        from integrations import erasure, home, runtime_config
        from integrations.breakers import services as breakers
        from integrations.breakers.activity import transitions
        from integrations.breakers.models import BreakerEvent
        from integrations.calendar.events import creation
        from integrations.calendar.events import recording as recorded_events
        from integrations.calendar.models import CalendarEvent
        from integrations.calendar.providers import GOOGLE, MICROSOFT
        from integrations.credentials.models import Credential, OperatorUse
        from integrations.credentials.providers import PROVIDERS
        from integrations.credentials.services import Client, clients
        from integrations.email import recording, resend, smtp, webhooks
        from integrations.email import services as mails
        from integrations.email.models import Mail
        from integrations.notifications import services as notifications

        upstream.register(resend.RESEND, base_url=lambda: str(settings.RESEND_BASE_URL))
        # Each user has a mail server of their own.
        upstream.register(smtp.SMTP, base_url=lambda: "")
        upstream.register(GOOGLE, base_url=lambda: str(settings.GOOGLE_BASE_URL))
        upstream.register(MICROSOFT, base_url=lambda: str(settings.MICROSOFT_BASE_URL))
        clients[resend.RESEND.label] = Client(resend.verify)
        clients[smtp.SMTP.label] = Client(smtp.verify)

        jobs.register(Mail.job, lambda payload: mails.pursue(payload["id"]))
        jobs.register_periodic("integrations.mail_sweep", mails.sweep, every=600.0)

        person.register(erasure.steps)
        person.open_rows["mails and calendar events"] = erasure.under_way
        person.holders["Resend, or the mail servers,"] = erasure.at_resend
        person.holders["Google Calendar or Microsoft 365"] = erasure.at_calendars
        person.kept |= {
            "integrations.Suppression.address": "suppressed addresses, so that no mail goes there",
            "integrations.Connection.account": "what users entered as their own settings",
            "integrations.Credential.clear": "what users entered as their own settings",
            "auth.User.username": "accounts of users: delete them in the admin",
            "auth.User.email": "accounts of users: delete them in the admin",
            "auth.User.first_name": "accounts of users: delete them in the admin",
            "auth.User.last_name": "accounts of users: delete them in the admin",
        }
        holding.register("mails left unknown", partial(keyed.hold, Mail))
        holding.register("calendar events left unknown", partial(keyed.hold, CalendarEvent))
        register_handler(resend.RESEND.label, webhooks.KIND, webhooks.handle)
        jobs.register(CalendarEvent.job, lambda payload: creation.pursue(payload["id"]))
        jobs.register_periodic("integrations.calendar_sweep", creation.sweep, every=600.0)

        notifications.register()

        sources.register(timelines(Mail))
        sources.register(timelines(CalendarEvent))
        sources.register_shared(transitions)
        recording.register()
        recorded_events.register()

        # A test mail goes to an address of the caller's choice.
        ratelimit.register("email_test", ratelimit.Group(at_most=5))
        # Pages that a browser passes by itself.
        ratelimit.register("feed", ratelimit.Group(at_least=60, per_user=False))
        ratelimit.register("oauth", ratelimit.Group(at_least=30, per_user=False))

        upstream.hooks.is_on = partial(runtime_config.is_on, "CIRCUIT_BREAKER_ENABLED")
        upstream.hooks.override = runtime_config.override_of
        upstream.hooks.listeners.append(breakers.record)
        worker.hooks.append(lambda: breakers.worker_started(now=timezone.now()))

        pruning.register(
            "breaker events", lambda before: BreakerEvent.objects.filter(at__lt=before)
        )
        pruning.register(
            "uses of the operator's credentials",
            lambda before: OperatorUse.objects.filter(day__lt=before.astimezone(UTC).date()),
        )

        register(Room("Mail", "mail", icon="mail", place=40))
        register(Room("Calendar", "calendar", icon="calendar", place=50))
        register(Room("Activity", "activity-page", icon="activity", place=60))
        register(Room("Settings", "settings", icon="settings", place=90, is_last=True))
        home_page.register(home.part)
        home_page.register_kind(home.MAILS)
        home_page.register_kind(home.EVENTS)
        home_page.register_fact(home.LOST_ADDRESS, home.lost_addresses)
        for provider in PROVIDERS.values():
            if provider.fields:
                rows = partial(home.refusals, provider)
                home_page.register_fact(home.refused(provider), rows)
        home_page.register_fact(
            home.HAS_ASSISTANT,
            lambda user: Credential.objects.filter(
                user=user, clear__has_key="default_assistant_id"
            ),
        )
