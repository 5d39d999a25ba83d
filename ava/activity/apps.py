from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "ava.activity"
    label = "activity"
    verbose_name = "Activity"

    def ready(self) -> None:
        from ava.activity import erasure
        from ava.erasure.steps import register
        from ava.http import middleware
        from ava.observability import recorder
        from ava.upstream.door import listeners

        register(erasure.steps)
        middleware.listeners.append(recorder.answered)
        listeners.append(recorder.attempted)
