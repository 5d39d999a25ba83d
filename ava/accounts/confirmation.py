"""Password confirmation of actions for which an access token is not enough.

Tokens are stolen more easily than passwords are. An action that hands secrets to somebody else asks
for the password again (OWASP ASVS 5.0, 7.5.3), and guesses at it count as guesses at the login.
"""

import structlog
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.utils import timezone

from ava.accounts import login_throttle
from ava.accounts.errors import PasswordNotSet, PasswordWrong

log = structlog.get_logger("ava.accounts")


def confirm_password(*, user: User, password: str, network: str) -> None:
    """Check the password of a user who is logged in already.

    Args:
        network: the client's, from `ava.http.clients.network`.

    Raises:
        PasswordNotSet: the account has none.
        PasswordWrong: it is another.
        LoginSlowed: too many wrong ones, here or at the login.
    """
    if not user.has_usable_password():
        raise PasswordNotSet
    attempt = login_throttle.admit(account=user.get_username(), network=network, now=timezone.now())
    # Not the user's own method: that may store a new hash, which ends the user's sessions.
    if not check_password(password, user.password):
        login_throttle.failed(attempt, now=timezone.now())
        log.warning("wrong password at a confirmation", user=user.pk)
        raise PasswordWrong
    login_throttle.succeeded(attempt, now=timezone.now())
