"""Pages of AVA's own: the one at `/`."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Links to the API's documentation and the admin."""
    return render(request, "home.html")
