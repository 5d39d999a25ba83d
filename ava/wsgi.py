"""The WSGI application, which `ava.asgi` serves; any WSGI server can."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")

_django = get_wsgi_application()

from ava.http.middleware import disarm  # noqa: E402 - needs the apps


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django's application, which leaves it to servers to send no body in answer to HEAD."""
    disarm(environ)
    answer: Any = _django(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return answer  # type: ignore[no-any-return]  # a response is an iterable of bytes
    answer.close()
    return ()
