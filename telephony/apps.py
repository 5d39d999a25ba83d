from django.apps import AppConfig
from django.conf import settings


class TelephonyConfig(AppConfig):
    name = "telephony"
    verbose_name = "Telephony"

    def ready(self) -> None:
        from ava import upstream
        from integrations.credentials import verification
        from telephony import jobs, services
        from telephony.errors import TWILIO

        upstream.register(TWILIO, base_url=lambda: str(settings.TWILIO_BASE_URL))
        verification.register(TWILIO.label, services.verify)
        jobs.register()
