from django.apps import AppConfig


class AvaConfig(AppConfig):
    name = "ava"
    verbose_name = "AVA"

    def ready(self) -> None:
        from ava import checks, openapi, scrape  # noqa: F401 - two register themselves
        from ava.upstream import gauges

        scrape.add_sampler(gauges.sample)
