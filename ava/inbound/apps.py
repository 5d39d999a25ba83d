from django.apps import AppConfig


class InboundConfig(AppConfig):
    name = "ava.inbound"
    label = "inbound"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from ava import jobs, pruning, ratelimit
        from ava.inbound import services

        # Providers call often, and all from a few addresses.
        ratelimit.register("webhooks", at_least=6000, per_user=False)
        jobs.register(services.DISPATCH, services.dispatch, attempts=10, urgent=True)
        pruning.register("webhook deliveries", services.prune)
