"""Pages that are no app's: home, the choice of a theme, the style guide."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from ava.console import home as home_page
from ava.console import styleguide as samples
from ava.console.context import THEME_COOKIE, THEMES
from ava.console.views import back, is_fragment, page, redirect, render, toast, user_of
from ava.http.problems import NotFound

YEAR = 365 * 24 * 3600


@page("GET")
def home(request: HttpRequest) -> HttpResponse:
    found = home_page.collect(user=user_of(request), now=timezone.localtime())
    fragments = {"health": "console/home/_health.html"}
    return render(request, "console/home/index.html", found, fragments=fragments)


@page("POST", public=True)
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark, or what the system says, in this browser."""
    response = redirect(request, back(request, otherwise="home"))
    chosen = request.POST.get("theme", "")
    response.set_cookie(
        THEME_COOKIE,
        chosen if chosen in THEMES else THEMES[0],
        max_age=YEAR,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@page("GET", "POST", public=True)
def styleguide(request: HttpRequest) -> HttpResponse:
    """Style guide: each component in every state."""
    if settings.PRODUCTION or not (settings.DEBUG or settings.SANDBOX):
        raise NotFound
    if request.method == "POST":
        _press(request)
        if not is_fragment(request):
            return redirect(request, "styleguide")
    found = samples.page(timezone.now(), row=request.GET.get("row", ""))
    fragments = {
        "drawer-body": "console/styleguide/_row.html",
        "pressed": "console/styleguide/_pressed.html",
    }
    return render(request, "console/styleguide.html", found, fragments=fragments)


def _press(request: HttpRequest) -> None:
    """What the sample form does. A toast's Undo sends nothing but itself."""
    match request.POST.get("sample", ""):
        case "save":
            toast(request, "Voice speed is 0.9 now.", undo=reverse("styleguide"))
        case "fail":
            raise NotFound("There is no such setting.")
        case _:
            toast(request, "Voice speed is 1.0 again.")
