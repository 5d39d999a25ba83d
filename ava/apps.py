from django.apps import AppConfig


class AvaConfig(AppConfig):
    name = "ava"
    verbose_name = "AVA"

    def ready(self) -> None:
        # Imported for the checks and extensions that they register.
        import ava.conf.checks
        import ava.http.openapi
        import ava.sealing.checks  # noqa: F401
        from ava.observability import scrape
        from ava.upstream import gauges

        scrape.add_sampler(gauges.sample)
