from django.apps import AppConfig


class AvaConfig(AppConfig):
    name = "ava"
    verbose_name = "AVA"

    def ready(self) -> None:
        from ava.conf import checks  # noqa: F401 - two register themselves
        from ava.http import openapi  # noqa: F401 - two register themselves
        from ava.observability import scrape
        from ava.upstream import gauges

        scrape.add_sampler(gauges.sample)
