from django.apps import AppConfig
from django.conf import settings


class TelephonyConfig(AppConfig):
    name = "telephony"
    verbose_name = "Telephony"

    def ready(self) -> None:
        from ava import upstream
        from ava.accounts import deactivation
        from ava.admin import contents_need
        from ava.inbound.services import register_handler
        from integrations.credentials import registry
        from telephony import jobs, orphaned_accounts, services, webhooks
        from telephony.callbacks import vapi_events
        from telephony.twilio.errors import TWILIO
        from vapi_settings.webhooks import register_listener

        upstream.register(TWILIO, base_url=lambda: str(settings.TWILIO_BASE_URL))
        registry.register(
            TWILIO.label,
            registry.Client(services.verify, orphaned_accounts.warnings, orphaned_accounts.changed),
        )
        jobs.register()
        deactivation.register(services.stop_everything)
        contents_need("telephony.view_call", "telephony.view_message")
        orphaned_accounts.register()
        for source in webhooks.SOURCES:
            register_handler(source.provider, source.kind, webhooks.handle)
        register_listener(vapi_events.apply)
