from django.apps import AppConfig
from django.utils import timezone


class IdempotencyConfig(AppConfig):
    name = "ava.idempotency"
    label = "idempotency"
    verbose_name = "Idempotency keys"

    def ready(self) -> None:
        from ava.idempotency.models import Request
        from ava.idempotency.services import KEPT
        from ava.jobs import pruning

        pruning.register(
            "idempotency keys",
            lambda before: Request.objects.filter(created_at__lt=timezone.now() - KEPT),
        )
