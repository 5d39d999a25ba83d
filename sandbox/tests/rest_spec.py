"""Requests and answers of JSON, held against a provider's document by openapi-core."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from sandbox.tests.formats import ANSWERED
from sandbox.tests.specs import operation, strictly


class Rest:
    """One provider's document, strict and with `url` for its server."""

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._base = urlsplit(url).path
        spec = strictly(name)
        paths = {
            path: {key: item for key, item in of.items() if key != "servers"}
            for path, of in spec["paths"].items()
        }
        served = {**spec, "paths": paths, "servers": [{"url": url}]}
        config = Config(spec_validator_cls=None, extra_format_validators=ANSWERED)
        self._document = OpenAPI.from_dict(served, config=config)

    def check_request(self, asked: requests.PreparedRequest) -> RequestsOpenAPIRequest:
        """Hold a request against the document. Raises: OpenAPIError, AssertionError."""
        url = urlsplit(str(asked.url))
        reported, _ = operation(self._name, str(asked.method), url.path.removeprefix(self._base))
        parameters = map(self._resolved, reported.get("parameters", ()))
        known = {one["name"] for one in parameters if one["in"] == "query"}
        # openapi-core looks at those that it knows only.
        sent = {name for name, _ in parse_qsl(url.query, keep_blank_values=True)}
        assert sent <= known, f"unknown in the query: {sent - known}"
        request = RequestsOpenAPIRequest(asked)
        self._document.validate_request(request)
        return request

    def _resolved(self, parameter: dict[str, Any]) -> Any:
        named = str(parameter.get("$ref", "")).rpartition("/")[2]
        return strictly(self._name)["components"]["parameters"][named] if named else parameter

    def check(self, answer: requests.Response) -> None:
        """Hold an answer and its request against the document.

        Raises: OpenAPIError, AssertionError.
        """
        request = self.check_request(answer.request)
        self._document.validate_response(request, RequestsOpenAPIResponse(answer))


def again(
    method: str, path: str, query: Mapping[str, str], body: Any = None
) -> requests.PreparedRequest:
    """A request that a log remembers, to `http://provider`, with some key."""
    url = f"http://provider{path}"
    headers = {"Authorization": "Bearer some-key"}
    asked = requests.Request(method, url, params=query, json=body, headers=headers)
    return asked.prepare()
