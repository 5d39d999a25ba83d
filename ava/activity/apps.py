from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "ava.activity"
    label = "activity"
    verbose_name = "Activity"

    def ready(self) -> None:
        from ava.activity import requests
        from ava.http import middleware
        from ava.upstream.door import listeners

        middleware.listeners.append(requests.answered)
        listeners.append(requests.asked)
