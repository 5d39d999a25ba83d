from django.apps import AppConfig
from django.core.checks import Tags, register


class AvaConfig(AppConfig):
    name = "ava"
    verbose_name = "AVA"

    def ready(self) -> None:
        from ava.conf import checks  # noqa: F401 - two register themselves
        from ava.http import openapi  # noqa: F401 - two register themselves
        from ava.observability import scrape
        from ava.sealing import checks as sealing
        from ava.upstream import registry

        scrape.add_sampler(registry.sample)
        register(sealing.check_key_ring, Tags.security)
        register(sealing.check_key_strength, Tags.security, deploy=True)
        register(sealing.check_sealed_rows, Tags.database)
