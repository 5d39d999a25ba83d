from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "ava.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from django.utils import timezone
        from prometheus_client import REGISTRY

        from ava import jobs
        from ava.jobs import metrics, pruning, queries, services

        REGISTRY.register(metrics.DueJobs(lambda: queries.due(now=timezone.now()).count()))
        pruning.register("finished jobs", services.prune)
        jobs.register_periodic("prune", pruning.run_daily, every=24 * 3600)
