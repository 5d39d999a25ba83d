"""Adapter of requests that sends through a provider's door: for libraries with a session of their
own."""

import io
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from ava.upstream.door import door
from ava.upstream.errors import ProviderAuthFailed

# The door writes its own.
_OF_THE_DOOR = ("accept-encoding", "connection", "content-length", "user-agent")


class DoorAdapter(BaseAdapter):
    """Mount it for http:// and https://. Requests raise what `Door.send` raises, but for a refused
    key: of that the library gets the answer, to read the reason."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        parts = urlsplit(str(request.url))
        try:
            answer = door(self._label).send(
                str(request.method),
                urlunsplit(("", "", parts.path or "/", parts.query, "")),
                base_url=f"{parts.scheme}://{parts.netloc}",
                headers={
                    name: value
                    for name, value in request.headers.items()
                    if name.lower() not in _OF_THE_DOOR
                },
                data=request.body,
            )
        except ProviderAuthFailed as refused:
            return _response(request, HTTPStatus.UNAUTHORIZED, {}, refused.answer)
        return _response(request, answer.status, answer.headers, answer.body)

    def close(self) -> None:
        """Do nothing: connections are the door's."""


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    response = requests.Response()
    response.request, response.url = request, str(request.url)
    response.status_code = status
    response.headers = CaseInsensitiveDict(headers)
    response.raw = io.BytesIO(body)
    return response
