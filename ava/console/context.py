"""Context of every page: the theme, whether providers are played, the side bar."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from ava.console import navigation

THEME_COOKIE = "ava_theme"
THEMES = ("auto", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": chosen if chosen in THEMES else THEMES[0],
        "themes": THEMES,
        "played": settings.SANDBOX,
        "room": navigation.current(request.path),
    }
