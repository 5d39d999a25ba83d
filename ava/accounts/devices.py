"""Device cookies: browsers that an account has logged in on, so that guesses elsewhere do not slow
them down. Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

DEVICE_COOKIE = "ava_device"
DEVICE_LIFE = timedelta(days=90)


def device_of(request: HttpRequest, *, account: str) -> str:
    """Device ID from the cookie, if this account has logged in there lately; else empty."""
    salt = _salt(account)
    return str(request.get_signed_cookie(DEVICE_COOKIE, "", salt=salt, max_age=DEVICE_LIFE) or "")


def remember_device(response: HttpResponse, *, account: str) -> None:
    response.set_signed_cookie(
        DEVICE_COOKIE,
        get_random_string(22),
        salt=_salt(account),
        max_age=DEVICE_LIFE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
        path=settings.SESSION_COOKIE_PATH,
    )


def _salt(account: str) -> str:
    return f"ava.accounts.device {account}"
