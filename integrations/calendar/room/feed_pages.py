"""Page of the feed for calendar apps: its secret address, replaced and ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ava.console import curl
from ava.console.typed import LastQuestion, TypedName
from ava.console.views import page, redirect, render, toast, user_of
from integrations.calendar import links
from integrations.calendar.events import feed
from integrations.calendar.models import CalendarFeed
from integrations.calendar.room import tabs


@dataclass(frozen=True)
class FeedPage:
    title: str
    tabs: Sequence[tabs.Tab]
    feed: CalendarFeed | None
    made: str  # its address, shown this once
    curl: str


@page("GET", "POST")
def show(request: HttpRequest) -> HttpResponse:
    """The feed; by POST, a new address, which ends the one before."""
    user, made = user_of(request), ""
    if request.method == "POST":
        made = links.feed(request, feed.make(user=user))
    command = curl.command(request, "POST", reverse("calendar-feed-address"))
    found = FeedPage("Feed", tabs.shown("feed"), feed.find(user=user), made, command)
    return render(request, "calendar/feed.html", found)


@page("GET", "POST")
def end(request: HttpRequest) -> HttpResponse:
    """What finds nothing without it; by POST, with its name, it ends."""
    sure = TypedName.of(request, "calendar feed")
    if not sure.fits:
        question = LastQuestion(
            "End the feed",
            "Calendar apps that use it find nothing any more. A new feed has a new address.",
            verb="End the feed",
            back="feed",
            room="Feed",
            sure=sure,
            curl=curl.command(request, "DELETE", reverse("calendar-feed-address")),
        )
        return question.ask(request)
    feed.end(user=user_of(request))
    toast(request, "The feed has ended. Calendar apps that used it find nothing any more.")
    return redirect(request, "feed")
