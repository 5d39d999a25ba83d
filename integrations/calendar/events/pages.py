"""Page of the feed for calendar apps, which log in by its secret address."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from ava.http.problems import MethodNotAllowed, Problem
from ava.http.responses import answer
from ava.ratelimit.views import limited
from integrations.calendar import links
from integrations.calendar.events import feed


@limited("feed")
def feed_page(request: HttpRequest) -> HttpResponseBase:
    """The feed that belongs to the secret."""
    try:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(headers={"Allow": "GET, HEAD"})
        owner = feed.owner(request.GET.get(links.FEED_KEY, ""))
    except Problem as problem:
        return answer(request, problem)
    text = feed.written(user_id=owner, now=timezone.now())
    headers = {"Cache-Control": "private, max-age=300", "Referrer-Policy": "no-referrer"}
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)
