from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "ava.activity"
    label = "activity"
    verbose_name = "Activity"

    def ready(self) -> None:
        from ava.http import middleware
        from ava.observability import recorder
        from ava.upstream.door import listeners

        middleware.listeners.append(recorder.answered)
        listeners.append(recorder.attempted)
