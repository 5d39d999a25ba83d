from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_migrate


class ServerConfig(AppConfig):
    name = "ava.server"
    label = "server"
    verbose_name = "Server"

    def ready(self) -> None:
        # Imported for the checks that they register.
        import ava.conf.checks
        import ava.sealing.checks  # noqa: F401
        from ava.conf import statements
        from ava.observability import metrics
        from ava.server import ready

        # This app has no models, and so no signal of its own.
        post_migrate.connect(statements.limit_role, sender=apps.get_app_config("accounts"))
        metrics.time_statements()
        ready.register()
        if settings.TRACING:
            from ava.server import traced

            traced.connect()
        if settings.SENTRY_DSN:
            from ava.observability import sentry

            sentry.start(settings.SENTRY_DSN, environment=settings.ENV["AVA_ENV"])
