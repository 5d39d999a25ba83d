"""Toasts: a sentence about what has just happened. They wait in Django's messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.contrib import messages
from django.http import HttpRequest

Kind = Literal["good", "waiting", "bad"]

_LEVELS: dict[Kind, int] = {
    "good": messages.SUCCESS,
    "waiting": messages.WARNING,
    "bad": messages.ERROR,
}
_KINDS = {level: kind for kind, level in _LEVELS.items()}
_UNDO = "undo:"


@dataclass(frozen=True)
class Toast:
    text: str
    kind: Kind = "good"
    undo: str = ""  # address that takes it back, by POST
    id: str = ""  # correlation ID, where something went wrong

    def keep(self, request: HttpRequest) -> None:
        """Until the next page is rendered."""
        tags = f"{_UNDO}{self.undo}" if self.undo else ""
        messages.add_message(request, _LEVELS[self.kind], self.text, extra_tags=tags)

    def as_json(self) -> dict[str, str]:
        return {"text": self.text, "kind": self.kind, "undo": self.undo, "id": self.id}


def taken(waiting: Iterable[Any]) -> list[Toast]:
    """The messages that wait, as toasts; each is shown once, however often a form was sent."""
    toasts = (
        Toast(str(one), _KINDS.get(one.level, "good"), undo=_undo(one.extra_tags or ""))
        for one in waiting
    )
    return list(dict.fromkeys(toasts))


def _undo(tags: str) -> str:
    return tags.removeprefix(_UNDO) if tags.startswith(_UNDO) else ""
