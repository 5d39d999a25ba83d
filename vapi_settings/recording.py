"""Settings of assistants in a captured incident (`ava.recording`)."""

from collections.abc import Callable
from typing import Any, Final

from ava.recording import fakes, parts
from ava.recording.parts import Asked, Repeat
from ava.recording.scenario import Ask
from vapi_settings import catalogue, ledger
from vapi_settings.errors import VAPI
from vapi_settings.models import Revision

SETTINGS: Final = "/api/v1/vapi/settings"
_VALUES: Final = {"integer": 321, "float": 0.87, "boolean": False}
"""Values that no assistant has by chance, and every setting of the type takes."""
_ROW_MADE: Final = (Revision.Status.CONFIRMED,)
_AGED: Final = {"VAPI_CACHE_SECONDS": "0"}


def register() -> None:
    """Register what is known here of requests."""
    parts.words.update(Revision.Status.values)
    parts.register("GET", "vapi/settings", _reading(SETTINGS))
    for name in ("assistants", "phone-numbers"):
        parts.register("GET", f"vapi/{name}", _reading(f"/api/v1/vapi/{name}"))
    parts.register("GET", "vapi/settings/(?P<key>[^/]+)", read)
    parts.register("PUT", "vapi/settings/(?P<key>[^/]+)", edit)


def read(asked: Asked) -> Repeat:
    """A read of one setting."""
    return _reading(f"{SETTINGS}/{_key(asked)}")(asked)


def edit(asked: Asked) -> Repeat:
    """An edit. The value is one of the same type: another one than the assistant has."""
    path = f"{SETTINGS}/{_key(asked)}"
    rows = Revision.objects.filter(owner_id=asked.owner_id, correlation_id=asked.correlation_id)
    rows = rows.filter(key=asked.named["key"]).exclude(source=Revision.Source.FOUND)
    row = rows.order_by("id").first()
    ask = Ask("PUT", path, {"value": _value(asked, row)})
    if row is None:
        parts.require_reason(asked)
    before = [Ask("GET", SETTINGS)] if _had_a_copy(asked) else []
    if row is None and asked.status == "200":
        before.append(ask)  # the assistant had this value already
    done = row is not None and row.status in _ROW_MADE
    return Repeat(ask, before=before, provider=VAPI.label, is_done=done)


def _reading(path: str) -> Callable[[Asked], Repeat]:
    def repeat(asked: Asked) -> Repeat:
        failed = any(not one.is_taken for one in asked.attempts)
        if asked.status == "200" and failed and not asked.attempts[-1].is_taken:
            # The last good copy was shown: one that is too old at once does for that.
            return Repeat(Ask("GET", path), before=[Ask("GET", path)], environment=_AGED)
        return Repeat(Ask("GET", path), provider=VAPI.label)

    return repeat


def _key(asked: Asked) -> str:
    """The setting's key; one that a user made up may say something."""
    key = asked.named["key"]
    return key if key in catalogue.STANDARD else asked.fakes.name(key)


def _value(asked: Asked, row: Revision | None) -> Any:
    known = catalogue.STANDARD.get(asked.named["key"])
    if known and known.type in _VALUES:
        return _VALUES[known.type]
    if row is None or row.after is None:
        return fakes.text("unknown")
    return fakes.value(ledger.value(row.after))


def _had_a_copy(asked: Asked) -> bool:
    """Whether the assistant was known before: then it is read once before it is changed."""
    reads = 0
    for one in asked.attempts:
        if one.method != "GET":
            return reads == 1
        reads += one.is_taken
    return False
