"""Device cookies: browsers in which an account has logged in before.

Guesses slow down the account, but not the browsers that its owner uses. Source: OWASP,
"Slow Down Online Guessing Attacks with Device Cookies".
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

COOKIE = "ava_device"
LIFE = timedelta(days=90)


def known(request: HttpRequest, *, account: str) -> str:
    """Device ID from the cookie, if this account has logged in there lately; else empty."""
    return str(request.get_signed_cookie(COOKIE, "", salt=_salt(account), max_age=LIFE) or "")


def remember(response: HttpResponse, *, account: str) -> None:
    """Set the device cookie: this account has just logged in in this browser."""
    response.set_signed_cookie(
        COOKIE,
        get_random_string(22),
        salt=_salt(account),
        max_age=LIFE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _salt(account: str) -> str:
    return f"ava.accounts.device {account}"
