from django.apps import AppConfig


class VapiSettingsConfig(AppConfig):
    name = "vapi_settings"
    verbose_name = "Vapi settings"
