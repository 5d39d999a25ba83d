from django.apps import AppConfig
from django.conf import settings


class VapiSettingsConfig(AppConfig):
    name = "vapi_settings"
    verbose_name = "Vapi settings"

    def ready(self) -> None:
        from ava import upstream
        from ava.inbound.services import register_handler
        from integrations.credentials import dependents, verification
        from vapi_settings import services, webhooks
        from vapi_settings.account import renew_epoch
        from vapi_settings.errors import VAPI

        upstream.register(VAPI, base_url=lambda: str(settings.VAPI_BASE_URL))
        dependents.register(
            VAPI.label,
            dependents.Dependent(warnings=lambda user: [], changed=renew_epoch),
        )
        verification.register(VAPI.label, services.verify)
        register_handler(VAPI.label, webhooks.KIND, webhooks.handle)
