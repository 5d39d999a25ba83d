from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_delete, post_save
from django.utils import timezone


class AccountsConfig(AppConfig):
    name = "ava.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.contrib.sessions.models import Session as BrowserSession

        from ava import ratelimit
        from ava.accounts import api_tokens, login_throttle, services
        from ava.accounts.checks import check_demo_users
        from ava.accounts.models import Session, WrongPasswords
        from ava.backup import holding
        from ava.jobs import pruning

        register(check_demo_users, Tags.database)
        holding.register("logins ended", services.hold)
        post_save.connect(services.user_changed, sender="auth.User")
        post_delete.connect(services.user_changed, sender="auth.User")
        pruning.register("ended API tokens", api_tokens.ended)
        # These are of no use any more, however young.
        pruning.register(
            "ended logins of the console",
            lambda before: BrowserSession.objects.filter(expire_date__lte=timezone.now()),
        )
        pruning.register(
            "expired sessions",
            lambda before: Session.objects.filter(expires_at__lte=timezone.now()),
        )
        pruning.register(
            "counters of wrong passwords",
            lambda before: WrongPasswords.objects.filter(
                last_at__lte=timezone.now() - login_throttle.FORGET_AFTER
            ),
        )

        # Guesses come from one client, and a lost Redis gives them nothing.
        guessing = ratelimit.Group(per_user=False, when_lost="closed")
        ratelimit.register("auth", guessing)
        # The console's login form: an address that uses up one of the two has the other.
        ratelimit.register("login", guessing)
