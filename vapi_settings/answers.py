"""Answers about Vapi's copies: their age, 304, and the list of settings as ready bytes.

A hit on the list needs what this process remembers of the account (`ava.cache.recent`) and of the
answer. Where either is missing, or Vapi is known to fail, the read goes through
`AssistantRead`.
"""

import pickle
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from ava import ratelimit
from ava.accounts import authentication
from ava.cache import Copy, Scope, recent, store
from ava.cache.read_cache import CLOCKS_DIFFER, REQUESTS
from ava.http.api import AsciiJSONRenderer
from ava.http.etags import is_unchanged
from ava.http.fastpath import FastAnswer
from ava.server.environ import received_at
from vapi_settings.account import ACCOUNTS, WORKING, is_working, recent_account_of
from vapi_settings.reads import ALL, ASSISTANTS, LISTS, Seen

# Browsers may keep an answer for its user, but must ask whether it still holds.
CACHE_CONTROL = "private, no-cache"

SIZE: Final = 1000
"""Ready answers kept in this process; the one that was made longest ago goes first."""
LARGEST: Final = 64 * 1024
"""Bytes of a ready answer."""

RELOAD: Final = "no-cache"

_hit = REQUESTS.labels("vapi_assistant", "hit")
_shared = REQUESTS.labels("vapi_assistant", "shared")


@dataclass(frozen=True, slots=True)
class Ready:
    """The list of an assistant's settings as it is sent.

    Attributes:
        scope: whose copy it was made of.
        as_of: when that was read.
        oldest: when the list of assistants was read, where that says which one is meant.
        made_of: digest of the copy's value.
    """

    scope: Scope
    as_of: datetime
    oldest: datetime
    body: bytes = field(repr=False)
    etag: str
    made_of: bytes


_ready: dict[tuple[int, str | None], Ready] = {}
_lock = Lock()


def ready(request: Request, user: User, assistant_id: str | None) -> HttpResponse | None:
    """The answer to a read of all settings of this assistant, if one is ready and still holds."""
    found = _fresh(user, assistant_id)
    if found is None or found.scope != recent_account_of(user).scope or not is_working(user):
        return None
    _hit.inc()
    return _response(request, found)


def made_before(
    request: Request, user: User, assistant_id: str | None, copy: Copy[Seen]
) -> HttpResponse | None:
    """The answer of this copy, if the last one was made of the same."""
    found = _ready.get(_key(user, assistant_id))
    if found is None or copy.stale or found.made_of != _digest(copy):
        return None
    _keep(user, assistant_id, copy, found.body, found.etag)
    return _response(request, replace(found, as_of=copy.as_of))


class Remembered(FastAnswer):
    """The same, before Django's handler: from what this process remembers alone.

    To a request for a fresh read (`Cache-Control: no-cache`) any read that began since it arrived
    is fresh.
    """

    group = "vapi"

    def __init__(self, request: WSGIRequest, user: User, counted_as: str | None) -> None:
        super().__init__(request)
        self.user = counted_as
        self._caller = user
        request.owner_id = user.pk  # type: ignore[attr-defined]  # for the log
        self._assistant_id = request.GET.get("assistant_id")
        self.key = _key(user, self._assistant_id)
        self._version = recent.version()

    def is_ready(self) -> bool:
        return self._find() is not None

    def make(self) -> HttpResponse | None:
        """The answer, counted. Counting may bring the news that something has changed, and another
        request may have read the account again since then: so the caller is checked once more."""
        verdict = ratelimit.count_early(self.request, self.group, user=self.user)
        found = self._find()
        if recent.version() != self._version and authentication.remembered(self.request) is None:
            found = None
        if verdict.problem is not None or found is None:
            return None
        (_shared if self._wants_reload else _hit).inc()
        response = _response(self.request, found)
        for name, value in (("Allow", "GET, HEAD"), *verdict.headers().items()):
            response[name] = value
        return response

    def _find(self) -> Ready | None:
        account = ACCOUNTS.get(self._caller.pk)
        found = _fresh(self._caller, self._assistant_id)
        if account is None or found is None or found.scope != account.scope:
            return None
        if self._wants_reload and found.oldest < received_at(self.request):
            return None
        return found if WORKING.get(self._caller.pk) else None

    @property
    def _wants_reload(self) -> bool:
        return "HTTP_CACHE_CONTROL" in self.request.META


def remembered(request: WSGIRequest) -> Remembered | None:
    """Answer that may be in memory, of a caller who is."""
    if request.GET.keys() - {"assistant_id"}:
        return None
    if request.META.get("HTTP_CACHE_CONTROL", RELOAD).lower() != RELOAD:
        return None
    caller = authentication.remembered(request)
    return None if caller is None else Remembered(request, *caller)


def _fresh(user: User, assistant_id: str | None) -> Ready | None:
    found = _ready.get(_key(user, assistant_id))
    if found is None:
        return None
    age = (store.now() - found.oldest).total_seconds()
    return found if -CLOCKS_DIFFER <= age < settings.VAPI_CACHE_SECONDS else None


def _response(request: HttpRequest | Request, found: Ready) -> HttpResponse:
    tags = request.META.get("HTTP_IF_NONE_MATCH")
    is_known = tags is not None and is_unchanged(tags, found.etag)
    return HttpResponse(
        b"" if is_known else found.body,
        status=304 if is_known else 200,
        content_type=AsciiJSONRenderer.media_type,
        headers={
            "Age": str(max(0, int((store.now() - found.as_of).total_seconds()))),
            "Cache-Control": CACHE_CONTROL,
            "ETag": found.etag,
            "Vary": "Authorization",
        },
    )


def keep_ready(
    user: User, assistant_id: str | None, copy: Copy[Seen], body: dict[str, Any], tag: str
) -> None:
    """Store this body for later reads, if the copy would answer them by itself."""
    _keep(user, assistant_id, copy, AsciiJSONRenderer().render(body), tag)


def _keep(user: User, assistant_id: str | None, copy: Copy[Seen], body: bytes, tag: str) -> None:
    account = recent_account_of(user)
    scope = account.scope
    made_of: list[Copy[Any] | None] = [ASSISTANTS.fresh(scope, copy.value.assistant.id)]
    if assistant_id is None and account.default_assistant_id is None:
        made_of.append(LISTS.recent(scope, ALL))
    found = [one for one in made_of if one is not None]
    if len(found) < len(made_of) or found[0].as_of != copy.as_of:
        return
    if len(body) <= LARGEST:
        oldest = min(one.as_of for one in found)
        key = _key(user, assistant_id)
        with _lock:
            _ready.pop(key, None)
            _ready[key] = Ready(scope, copy.as_of, oldest, body, tag, _digest(copy))
            if len(_ready) > SIZE:
                del _ready[next(iter(_ready))]


def _digest(copy: Copy[Seen]) -> bytes:
    return blake2b(pickle.dumps(copy.value)).digest()


def _key(user: User, assistant_id: str | None) -> tuple[int, str | None]:
    return user.pk, assistant_id and assistant_id.lower()


def wants_reload(request: Request) -> bool:
    """Whether the caller asks for a fresh read: `Cache-Control: no-cache` or `no-store`."""
    directives = request.META.get("HTTP_CACHE_CONTROL", "").lower().split(",")
    return any(directive.strip() in ("no-cache", "no-store") for directive in directives)


def with_age(copy: Copy[Any], answer: Response) -> Response:
    """The answer with the copy's age; with `stale` and `as_of` where reading failed just now."""
    if copy.stale:
        as_of = serializers.DateTimeField().to_representation(copy.as_of)
        answer.data = {**answer.data, "stale": True, "as_of": as_of}
    answer["Age"] = str(max(0, int(copy.age)))
    answer["Cache-Control"] = CACHE_CONTROL
    patch_vary_headers(answer, ["Authorization"])
    return answer


def conditional(request: Request, body: dict[str, Any], copy: Copy[Any], *, tag: str) -> Response:
    """The body with its ETag, or 304 for who knows it. A stale copy is always marked as one."""
    if not copy.stale and is_unchanged(request.headers.get("If-None-Match"), tag):
        answer = with_age(copy, Response(status=status.HTTP_304_NOT_MODIFIED))
    else:
        answer = with_age(copy, Response(body))
    answer["ETag"] = tag
    return answer


def forget() -> None:
    """Forget the ready answers of this process (tests)."""
    _ready.clear()
