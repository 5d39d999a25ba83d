from django.apps import AppConfig
from django.core.checks import Tags, register


class AccountsConfig(AppConfig):
    name = "ava.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from ava import ratelimit
        from ava.accounts.checks import check_demo_users
        from ava.accounts.pruning import expired_sessions, idle_login_counters
        from ava.jobs import pruning

        register(check_demo_users, Tags.database)
        pruning.register("expired sessions", expired_sessions)
        pruning.register("counters of wrong passwords", idle_login_counters)

        # Guesses come from one client; and whoever guesses gains nothing by a lost Redis.
        ratelimit.register("auth", per_user=False, when_lost="closed")
