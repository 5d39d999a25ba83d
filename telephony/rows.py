"""Rows of the lists of calls, messages and conversations: what their templates show, as text."""

from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from ava.console import lists
from ava.console.templatetags.console import ago, badge, icon, money
from ava.console.writing import phone
from telephony.intents.models import Communication

_ROOM: Final = 160
_UNSAID: Final = ("failed", "undelivered")


@dataclass(frozen=True)
class Row:
    key: str
    href: str
    when: str
    is_inbound: bool
    person: str
    what: str  # was said, or who talks
    status: str
    state: str
    error: str
    cost: str
    is_changing: bool
    takes: str = ""
    assistant_id: str = ""


def row(of: Communication, href: str, what: str, *, takes: str = "", assistant_id: str = "") -> Row:
    """A row of a list; it leads to `href`."""
    unsaid = "The provider gave no reason." if of.status in _UNSAID else ""
    return Row(
        key=SafeString(of.pk),
        href=href,
        when=_when(of),
        is_inbound=of.is_inbound,
        person=phone(of.person),
        what=what,
        status=of.status,
        state=badge(of.status, plain=True),
        error=of.error or unsaid,
        cost=money(of.price, of.price_unit),
        is_changing=lists.may_change(of),
        takes=takes,
        assistant_id=assistant_id,
    )


def excerpt(text: str) -> str:
    """As much of a text as a row has room for."""
    return text if len(text) <= _ROOM else f"{text[: _ROOM - 1]}…"


def _when(of: Communication) -> str:
    if of.send_at and of.status == "scheduled":
        return SafeString(f"{icon('clock', label='Scheduled')} {ago(of.send_at)}")
    return ago(of.created_at)
