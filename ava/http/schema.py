"""`/api/schema`: the OpenAPI document, made once per process and format, the same for everybody."""

import hashlib
import threading
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from ava.http.etags import is_unchanged

_USUAL: Any = SpectacularAPIView.renderer_classes[0]
# As DRF adds them.
_HEADERS = {"Allow": "GET, HEAD", "Vary": "Accept"}

_documents: dict[str, tuple[bytes, str]] = {}
"""Content and ETag by format."""
_lock = threading.Lock()


class SchemaView(SpectacularAPIView):
    http_method_names = ("get", "head")

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        return _answer(request._request, renderer, *self._document(renderer))

    def _document(self, renderer: Any) -> tuple[bytes, str]:
        # Those who come meanwhile wait: each would take the processor for as long.
        with _lock:
            if renderer.format not in _documents:
                generator: Any = self.generator_class()
                made = generator.get_schema(request=None, public=True)
                content = renderer.render(made, renderer_context={})
                digest = hashlib.sha256(content).hexdigest()[:32]
                _documents[renderer.format] = content, f'"{digest}"'
            return _documents[renderer.format]


def remembered(request: WSGIRequest) -> HttpResponse | None:
    """The document as it is sent to those who name no format, if it is made."""
    is_plain = request.META.get("HTTP_ACCEPT", "*/*") == "*/*" and not request.META["QUERY_STRING"]
    document = _documents.get(_USUAL.format) if is_plain else None
    if document is None:
        return None
    answer = _answer(request, _USUAL, *document)
    for name, value in _HEADERS.items():
        answer[name] = value
    return answer


def _answer(request: HttpRequest, renderer: Any, content: bytes, etag: str) -> HttpResponse:
    """The document, or 304 where the client has it."""
    if is_unchanged(request.headers.get("If-None-Match"), etag):
        return HttpResponseNotModified(headers={"ETag": etag})
    return HttpResponse(
        content,
        content_type=renderer.media_type,
        headers={
            "ETag": etag,
            "Content-Disposition": f'inline; filename="AVA.{renderer.format}"',
        },
    )
