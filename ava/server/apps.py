from django.apps import AppConfig


class ServerConfig(AppConfig):
    name = "ava.server"
    label = "server"
    verbose_name = "Server"

    def ready(self) -> None:
        # Imported for the checks that they register.
        import ava.conf.checks
        import ava.sealing.checks  # noqa: F401
        from ava.server import ready

        ready.register()
