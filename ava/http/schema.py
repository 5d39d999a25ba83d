"""`/api/schema`: the OpenAPI document, made once per process and format.

It is the same for everybody: AVA has one version of its API, one language and no addresses in it.
"""

import hashlib
import threading
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request


@dataclass(frozen=True)
class Document:
    """The document in one format, ready to be sent."""

    content: bytes
    etag: str


_documents: dict[str, Document] = {}
_lock = threading.Lock()


class SchemaView(SpectacularAPIView):
    """drf-spectacular's view, which makes the document for each request."""

    http_method_names = ("get", "head")

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase | None:
        """The document, or 304 where the client has it."""
        renderer: Any = request.accepted_renderer
        document = self._document(renderer)
        answer = HttpResponse(
            document.content,
            content_type=renderer.media_type,
            headers={
                "ETag": document.etag,
                "Content-Disposition": f'inline; filename="AVA.{renderer.format}"',
            },
        )
        return get_conditional_response(request._request, etag=document.etag, response=answer)

    def _document(self, renderer: Any) -> Document:
        # Those who come meanwhile wait: each would take the processor for as long.
        with _lock:
            if renderer.format not in _documents:
                generator: Any = self.generator_class()
                made = generator.get_schema(request=None, public=True)
                content = renderer.render(made, renderer_context={})
                digest = hashlib.sha256(content).hexdigest()[:32]
                _documents[renderer.format] = Document(content, f'"{digest}"')
            return _documents[renderer.format]
