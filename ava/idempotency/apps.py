from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "ava.idempotency"
    label = "idempotency"
    verbose_name = "Idempotency keys"

    def ready(self) -> None:
        from ava.idempotency import services
        from ava.jobs import pruning

        pruning.register("idempotency keys", services.prune)
