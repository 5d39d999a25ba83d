from functools import partial

from django.apps import AppConfig
from django.conf import settings


class VapiSettingsConfig(AppConfig):
    name = "vapi_settings"
    verbose_name = "Vapi settings"

    def ready(self) -> None:
        from ava import upstream
        from ava.activity import sources
        from ava.backup import holding
        from ava.cache import recent
        from ava.console.navigation import Room, register
        from ava.http import fastpath
        from ava.inbound.services import register_handler
        from integrations.credentials.services import Client, clients
        from vapi_settings import account, answers, queries, recording, services, webhooks
        from vapi_settings.account import renew_epoch
        from vapi_settings.activity import revisions
        from vapi_settings.booking import tools as booking
        from vapi_settings.calls import summaries
        from vapi_settings.errors import VAPI

        upstream.register(VAPI, base_url=partial(getattr, settings, "VAPI_BASE_URL"))
        # Then fresh copies become stale, and the other way round.
        upstream.hooks.listeners.append(lambda transition: recent.changed())
        clients[VAPI.label] = Client(services.verify, choices=queries.choices, changed=renew_epoch)
        fastpath.register("/api/v1/vapi/settings", answers.remembered)
        register_handler(VAPI.label, webhooks.KIND, webhooks.handle)
        webhooks.register_listener(summaries.listen)
        sources.register(revisions)
        recording.register()
        holding.register("accounts whose copies were left behind", account.hold)
        booking.register()
        register(Room("Assistants", "vapi", icon="bot", place=10))
