from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "ava.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        from ava import ratelimit
        from ava.console import navigation, views

        # A live page asks once a second at most, and people have several open.
        ratelimit.register(views.GROUP, ratelimit.Group(at_least=600, per_user=False))
        navigation.register(navigation.Room("Home", "home", icon="house", place=0))
