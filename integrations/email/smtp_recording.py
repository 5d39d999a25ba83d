"""Sessions with a mail server in a captured incident (`ava.recording`)."""

from collections.abc import Sequence
from typing import Final

from ava.recording.parts import Account, Attempt, NotRepeatable
from ava.recording.scenario import Fault
from integrations.email.smtp import SMTP

ACCOUNT: Final = Account(
    {
        "host": "127.0.0.1",
        "security": "starttls",
        "username": "demo",
        "password": "smtp-demo",
        "from_email": "ava@example.com",
    },
    port="smtp",
)
_STEPS: Final = ("AUTH", "MAIL", "DATA")
_TAKEN: Final = "answered"
_REFUSED_LOGIN: Final = "provider_auth_failed"
_NO_SESSION: Final = ("smtp_host_refused", "cancelled")
_ENDS: Final[dict[str, tuple[str, int]]] = {
    _REFUSED_LOGIN: ("AUTH", 535),
    "mail_sender_refused": ("MAIL", 550),
    "mail_refused": ("DATA", 554),
}
"""Step at which a session ended, with the server's reply."""
WORDS: Final = (_TAKEN, *_NO_SESSION, *_ENDS)


def faults(
    attempts: Sequence[Attempt], *, is_text_lost: bool, refused: Sequence[str]
) -> list[Fault]:
    """What the sandbox's mail server does in each session: every session meets one fault at each
    step that it comes to, so that none meets another's. Raises: NotRepeatable.

    Args:
        is_text_lost: the last session broke when the server had the text, or was to get it.
        refused: recipients that the server did not take.
    """
    mine = [one for one in attempts if one.provider == SMTP.label]
    found: list[Fault] = []
    for nth, one in enumerate(mine, 1):
        found += _session(one.status, is_text_lost=is_text_lost and nth == len(mine))
    rejected = [_fault("RCPT", "status", status=550, address=one) for one in refused]
    return found + rejected


def _session(status: str, *, is_text_lost: bool) -> list[Fault]:
    if status == _TAKEN:
        return [_fault(step, "slow") for step in _STEPS]
    if status in _NO_SESSION:
        raise NotRepeatable("The mail server was not connected to, which cannot be played.")
    if status not in _ENDS:
        end = "DATA" if is_text_lost else "AUTH"
        return [*_passed(end), _fault(end, "reset")]
    end, code = _ENDS[status]
    ended = _fault(end, "status", status=code)
    # A client tries to log in another way, too.
    return [*_passed(end), *([ended, ended] if status == _REFUSED_LOGIN else [ended])]


def _passed(end: str) -> list[Fault]:
    return [_fault(step, "slow") for step in _STEPS[: _STEPS.index(end)]]


def _fault(step: str, kind: str, *, status: int | None = None, address: str = "") -> Fault:
    fault: Fault = {"kind": kind, "match": f"{step} /{address}"}
    return fault if status is None else {**fault, "status": status}
