from django.apps import AppConfig


class InboundConfig(AppConfig):
    name = "ava.inbound"
    label = "inbound"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from ava import jobs, ratelimit
        from ava.activity import sources
        from ava.backup import holding
        from ava.erasure.steps import register as register_erasure
        from ava.inbound import door, erasure, services
        from ava.inbound.activity import deliveries, refusals
        from ava.inbound.models import Delivery, Refusal, Volume
        from ava.jobs import pruning

        # All tenants' webhooks come from a provider's few addresses: the limit by address counts
        # unproven ones only, and a proven account has a limit of its own.
        ratelimit.register(door.UNPROVEN, ratelimit.Group(at_least=600, per_user=False))
        ratelimit.register(door.PROVEN, ratelimit.Group(at_least=1800, per_user=False))
        ratelimit.register(door.LARGE, ratelimit.Group(at_least=60, per_user=False))
        sources.register(deliveries)
        sources.register(refusals)
        register_erasure(erasure.steps)
        holding.register("webhooks left unhandled", services.hold)
        jobs.register(services.DISPATCH, services.dispatch, attempts=10, urgent=True)
        pruning.register(
            "webhook deliveries", lambda before: Delivery.objects.filter(received_at__lt=before)
        )
        pruning.register("refused webhooks", lambda before: Refusal.objects.filter(at__lt=before))
        pruning.register(
            "daily volumes of webhooks", lambda before: Volume.objects.filter(day__lt=before.date())
        )
