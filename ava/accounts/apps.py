from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_delete, post_save


class AccountsConfig(AppConfig):
    name = "ava.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from ava import ratelimit
        from ava.accounts import login_throttle, services
        from ava.accounts.checks import check_demo_users
        from ava.jobs import pruning

        register(check_demo_users, Tags.database)
        post_save.connect(services.user_changed, sender="auth.User")
        post_delete.connect(services.user_changed, sender="auth.User")
        pruning.register("expired sessions", services.prune)
        pruning.register("counters of wrong passwords", login_throttle.prune)

        # Guesses come from one client, and a lost Redis gives them nothing.
        ratelimit.register("auth", ratelimit.Group(per_user=False, when_lost="closed"))
