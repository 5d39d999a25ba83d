"""Django's floor: no middleware, and a view that answers ready bytes."""

import json

import django
from django.conf import settings as configuration
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.peers.common import settings
from sandbox.vapi.seed import ASSISTANT

configuration.configure(
    SECRET_KEY="nothing is signed", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True
)
django.setup(set_prefix=False)
BODY = json.dumps(settings(ASSISTANT), separators=(",", ":")).encode()


def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BODY, content_type="application/json")


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b'{"status":"ok"}', content_type="application/json")


urlpatterns = [path("api/v1/vapi/settings", read), path("healthz", healthz)]
application = WSGIHandler()
