"""HTTP client for Twilio's SDK, through AVA's door out. Importing the SDK takes half a second, so
this module is imported at the first call only."""

import logging
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from twilio.http import HttpClient
from twilio.http.response import Response

from ava import upstream
from ava.upstream import Deadline, parse_json
from ava.upstream.errors import ProviderAuthFailed, ProviderUnreachable
from telephony.twilio.errors import TWILIO, problem_for

# Twilio's codes have five digits (https://www.twilio.com/docs/api/errors); a gateway's do not.
LOWEST_CODE = 10_000


class DoorHttpClient(HttpClient):  # type: ignore[misc]  # the SDK brings no types
    """The SDK's requests through `upstream.door("twilio")`, under one deadline, which begins now.
    Of their URL product, path and query are used: the door knows where Twilio answers."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), is_async=False)
        self._deadline = Deadline(upstream.door(TWILIO.label).policy.deadline)

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: object,
    ) -> Response:
        """One request to Twilio. Raises: Problem for answers outside 200-299; ProviderUnreachable
        also where something in front of Twilio answers, which leaves open what Twilio did."""
        if self._deadline.expired:
            raise ProviderUnreachable(TWILIO, unsent=True)
        url = urlsplit(uri)
        changes = method == "POST"
        try:
            answer = upstream.door(TWILIO.label).send(
                method,
                url.path,
                params={**dict(parse_qsl(url.query)), **(params or {})},
                data=data or None,
                headers=headers,
                auth=auth,
                deadline=self._deadline.left(),
                base_url=base_url_of(url.hostname or ""),
            )
        except ProviderAuthFailed as problem:
            if changes and _code(problem.answer) is None:
                raise ProviderUnreachable(TWILIO) from None
            raise
        if not 200 <= answer.status < 300:
            code = _code(answer.body)
            if changes and (code is None or answer.status < 400):
                raise ProviderUnreachable(TWILIO)
            raise problem_for(code, answer.status)
        if answer.status != 204 and not isinstance(answer.json(), dict):
            raise ProviderUnreachable(TWILIO)
        return Response(answer.status, answer.body.decode(), answer.headers)


def base_url_of(host: str) -> str | None:
    """The base URL for a host that the SDK names: each of Twilio's products has its own, beside the
    core API's, such as messaging.twilio.com. What plays Twilio plays all: None, the door's own."""
    product, main = host.partition(".")[0], urlsplit(str(settings.TWILIO_BASE_URL))
    if product == "api" or not main.netloc.startswith("api."):
        return None
    return main._replace(netloc=f"{product}.{main.netloc.removeprefix('api.')}").geturl()


def _code(body: bytes) -> int | None:
    """Twilio's error code; None when the body is not Twilio's."""
    try:
        content = parse_json(body)
    except ValueError:
        return None
    code = content.get("code") if isinstance(content, dict) else None
    return code if isinstance(code, int) and code >= LOWEST_CODE else None
