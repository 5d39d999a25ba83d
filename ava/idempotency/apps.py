from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "ava.idempotency"
    label = "idempotency"
    verbose_name = "Idempotency keys"

    def ready(self) -> None:
        from ava import pruning
        from ava.idempotency import services

        pruning.register("idempotency keys", services.prune)
