from django.apps import AppConfig
from django.conf import settings


class TelephonyConfig(AppConfig):
    name = "telephony"
    verbose_name = "Telephony"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from ava import jobs, upstream
        from ava.accounts.services import stop_on_deactivation
        from ava.activity import sources
        from ava.backup import holding
        from ava.console import home as home_page
        from ava.console.navigation import Place, Room, register, register_places
        from ava.erasure import steps as person
        from ava.inbound.services import register_handler
        from ava.intents.activity import timelines
        from integrations.credentials.services import Client, clients
        from telephony import (
            erasure,
            home,
            orphaned_accounts,
            recording,
            search_index,
            services,
            webhooks,
        )
        from telephony import holding as ours
        from telephony.calls import services as calls
        from telephony.incoming import vapi_events
        from telephony.intents.adoption import END_DUPLICATE
        from telephony.messages import bulk_job
        from telephony.messages import services as messages
        from telephony.models import Call, Message
        from telephony.twilio.errors import TWILIO
        from vapi_settings.webhooks import register_listener

        post_migrate.connect(search_index.ensure, sender=self)
        upstream.register(TWILIO, base_url=lambda: str(settings.TWILIO_BASE_URL))
        clients[TWILIO.label] = Client(
            services.verify, orphaned_accounts.warnings, orphaned_accounts.changed
        )
        stop_on_deactivation(services.stop_everything)
        for source in webhooks.SOURCES:
            register_handler(source.provider, source.kind, webhooks.handle)
        register_listener(vapi_events.apply)

        person.register(erasure.steps)
        person.open_rows["calls and messages"] = erasure.under_way
        person.holders["Twilio"] = erasure.at_twilio
        person.holders["Vapi"] = erasure.at_vapi
        person.kept["telephony.OptOut.person"] = "opt-outs, without which they could not be obeyed"
        holding.register("calls to be asked about", ours.hold_calls)
        holding.register("messages to be asked about", ours.hold_messages)
        sources.register(timelines(Call))
        sources.register(timelines(Message))
        recording.register()
        jobs.register(Call.job, lambda payload: calls.pursue(payload["id"]))
        jobs.register(Message.job, lambda payload: messages.pursue(payload["id"]))
        jobs.register(bulk_job.JOB, lambda payload: bulk_job.send_next(payload["id"]))
        jobs.register(
            END_DUPLICATE,
            lambda payload: calls.end_duplicate(payload["id"], payload["sid"]),
            attempts=20,
            urgent=True,
        )
        jobs.register(
            orphaned_accounts.JOB, lambda payload: orphaned_accounts.update_rows(payload["user"])
        )
        jobs.register_periodic("telephony.sweep", services.sweep, every=600.0)

        register(Room("Calls", "calls", icon="phone", place=20))
        register(Room("Messages", "messages", icon="message-square", place=30))
        register_places(
            Place("Place a call", "call-new", "phone-outgoing", "new dial"),
            Place("Charts of calls", "call-charts", "chart-column", "cost outcome"),
            Place("Send a message", "message-new", "send", "new sms text"),
            Place("Conversations", "conversations", "messages-square", "people messages"),
            Place("Messages to many", "batches", "users", "bulk batches"),
            Place("Opt-outs", "opt-outs", "ban", "stop no more"),
        )
        home_page.register(home.part)
        for kind in home.KINDS:
            home_page.register_kind(kind)
        home_page.register_fact(home.ANSWERED, home.answered)
