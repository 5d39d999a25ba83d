"""Cached reads of the list of settings: bytes made once, served while their copy holds.

A hit needs what this process remembers of the account (`ava.redis.recent`) and of the answer. Where
either is missing, or Vapi is known to fail, the read takes the long way, by `AssistantRead`.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.models import User
from django.http import HttpResponse
from rest_framework.request import Request

from ava.cache import Copy, Scope
from ava.cache.cache import REQUESTS
from ava.http.renderers import AsciiJSONRenderer
from vapi_settings.account import recent_account_of
from vapi_settings.cached_reads import ALL, ASSISTANTS, LISTS, Seen, certain_scope
from vapi_settings.etags import is_unchanged

SIZE: Final = 1000
"""Answers kept in this process; the least recently used goes first."""
LARGEST: Final = 64 * 1024
"""Bytes of an answer that is kept."""

CACHE_CONTROL: Final = "private, no-cache"
"""Browsers may keep an answer for its user, but must ask whether it still holds."""

_hit = REQUESTS.labels("vapi_assistant", "hit")


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer as it is sent.

    Attributes:
        scope: whose copy it was made of.
        oldest: the oldest copy that it is made of: the list's, where that says which assistant is
            meant.
    """

    scope: Scope
    copy: Copy[Seen] = field(repr=False)
    oldest: Copy[Any] = field(repr=False)
    body: bytes = field(repr=False)
    etag: str

    def answer(self, request: Request) -> HttpResponse:
        """The body with its ETag and age, or 304 for a caller that has it."""
        known = is_unchanged(request.META.get("HTTP_IF_NONE_MATCH"), self.etag)
        return HttpResponse(
            b"" if known else self.body,
            status=304 if known else 200,
            content_type="application/json",
            headers={
                "Age": str(max(0, int(self.copy.age))),
                "Cache-Control": CACHE_CONTROL,
                "ETag": self.etag,
                "Vary": "Authorization",
            },
        )


_ready: OrderedDict[tuple[int, str | None], Ready] = OrderedDict()


def find(user: User, assistant_id: str | None) -> Ready | None:
    """The answer to a read of this assistant, if it still holds."""
    key = (user.pk, assistant_id)
    found = _ready.get(key)
    if found is None or not ASSISTANTS.is_young(found.oldest):
        return None
    if found.scope != certain_scope(user):
        return None
    _ready.move_to_end(key)
    _hit.inc()
    return found


def keep(user: User, assistant_id: str | None, copy: Copy[Seen], body: Any, tag: str) -> None:
    """Have later reads answered by this body, if the copy would answer them by itself."""
    scope = certain_scope(user)
    if scope is None:
        return
    made_of: list[Copy[Any] | None] = [ASSISTANTS.fresh(scope, copy.value.assistant.id)]
    if assistant_id is None and recent_account_of(user).default_assistant_id is None:
        made_of.append(LISTS.recent(scope, ALL))
    found = [one for one in made_of if one is not None]
    if len(found) < len(made_of) or found[0].as_of != copy.as_of:
        return
    rendered = AsciiJSONRenderer().render(body)
    if len(rendered) <= LARGEST:
        oldest = min(found, key=lambda one: one.as_of)
        _ready[user.pk, assistant_id] = Ready(scope, copy, oldest, rendered, tag)
        if len(_ready) > SIZE:
            _ready.popitem(last=False)


def forget() -> None:
    """Forget everything in this process (tests)."""
    _ready.clear()
