from django.apps import AppConfig


class AvaConfig(AppConfig):
    name = "ava"
    verbose_name = "AVA"

    def ready(self) -> None:
        from ava import checks, openapi  # noqa: F401 - both register themselves with their library
