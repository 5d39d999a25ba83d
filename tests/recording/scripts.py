"""Fault scripts: what is asked, how providers and phones behave, and which callbacks get lost."""

import random
from dataclasses import dataclass, field
from typing import Any

from ava.recording import parts
from sandbox.vapi.seed import ASSISTANT_ID
from tests.recording.studio import ADDRESS, PERSON, WORDS, Studio

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"kind": "status", "status": 401},
    {"kind": "reset"},
    {"kind": "reset", "when": "after"},
    {"kind": "hang"},
    {"kind": "hang", "when": "after"},
    {"kind": "garbage"},
    {"kind": "garbage", "when": "after"},
    {"kind": "slow", "delay_ms": 5},
)


OF_SESSIONS: tuple[dict[str, Any], ...] = (
    {"kind": "slow", "delay_ms": 5},
    {"kind": "reset"},
    {"kind": "hang"},
    {"kind": "status", "status": 451},
    {"kind": "status", "status": 554},
    {"kind": "status", "status": 550, "match": "MAIL /"},
    {"kind": "status", "status": 550, "match": "RCPT /"},
    {"kind": "status", "status": 535, "match": "AUTH /", "count": 2},
    {"kind": "reset", "match": "EHLO /"},
    {"kind": "refuse", "match": "CONNECT /"},
    {"kind": "garbage", "match": "MAIL /"},
)
"""Of a mail server, each at the step of the session that it is for."""


@dataclass
class Script:
    """One incident."""

    provider: str
    method: str
    path: str
    body: Any = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    phone: dict[str, Any] = field(default_factory=dict)
    callbacks: dict[str, Any] = field(default_factory=dict)
    account: str = ""

    def play(self, studio: Studio) -> str:
        """Record it. Its correlation ID."""
        studio.clear()
        if self.account:
            studio.use(self.account, reports=False)
        if self.account == "vapi":
            studio.find(parts.found["assistant"])
        if self.phone:
            studio.order("phone", {"to": PERSON, **self.phone})
        studio.order("callbacks", self.callbacks)
        for fault in self.faults:
            studio.order("faults", {"provider": self.provider, "count": 1, **fault})
        return studio.record(self.method, self.path, self.body)


def script(seed: int) -> Script:
    """A random one; the same seed gives the same."""
    chance = random.Random(seed)
    made = chance.choice(KINDS)(chance)
    slots: list[dict[str, Any]] = [{"kind": "slow"}, *FAULTS]
    given = [dict(chance.choice(slots)) for _ in range(chance.randrange(1, 6))]
    made.faults = made.faults or given
    return made


def _callbacks(chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.4:
        return {}
    return {"drop": 0.3, "duplicate": 0.2, "delay_ms": 0, "seed": chance.randrange(1000)}


def _call(chance: random.Random) -> Script:
    behaviour = chance.choice(("answer", "busy", "no-answer", "fail"))
    body = {"to": PERSON, "say": WORDS}
    phone = {"behaviour": behaviour}
    return Script(
        "twilio", "POST", "/twilio/calls", body, phone=phone, callbacks=_callbacks(chance)
    )


def _message(chance: random.Random) -> Script:
    body = {"to": PERSON, "body": WORDS}
    texts = chance.choice(("delivered", "undelivered", "failed"))
    phone = {"behaviour": "answer", "texts": texts}
    return Script(
        "twilio", "POST", "/twilio/messages", body, phone=phone, callbacks=_callbacks(chance)
    )


def _batch(chance: random.Random) -> Script:
    people = [f"{PERSON[:-1]}{nth}" for nth in range(chance.randrange(1, 4))]
    items = [{"to": person, "body": WORDS} for person in people]
    body = {"messages": items, "per_minute": 600}
    return Script("twilio", "POST", "/twilio/messages/bulk", body, callbacks=_callbacks(chance))


def _assistant_call(chance: random.Random) -> Script:
    behaviour = chance.choice(("answer", "busy", "no-answer", "fail"))
    body = {"to": PERSON, "assistant_id": ASSISTANT_ID}
    phone = {"behaviour": behaviour}
    account = chance.choice(("", "vapi"))
    callbacks = _callbacks(chance) if account else {}
    return Script("vapi", "POST", "/twilio/calls", body, [], phone, callbacks, account)


def _event(chance: random.Random) -> Script:
    calendar = chance.choice(("google", "microsoft"))
    body = {"title": WORDS, "start": "2026-12-14T12:00:00Z", "end": "2026-12-14T13:00:00Z"}
    path = f"/integrations/calendar/{calendar}/events"
    return Script(calendar, "POST", path, body, account=calendar)


def _mail(chance: random.Random) -> Script:
    body = {"to": [ADDRESS], "subject": WORDS, "text": WORDS}
    return Script("resend", "POST", "/integrations/email/messages", body, account="resend")


def _mail_by_smtp(chance: random.Random) -> Script:
    body = {"to": [ADDRESS], "subject": WORDS, "text": WORDS}
    made = Script("smtp", "POST", "/integrations/email/messages", body, account="smtp")
    made.faults = [dict(chance.choice(OF_SESSIONS)) for _ in range(chance.randrange(1, 3))]
    return made


def _edit(chance: random.Random) -> Script:
    key, value = chance.choice(
        (("temperature", 0.5), ("greeting_message", WORDS), ("grace_471100", {"grace": [WORDS]}))
    )
    return Script("vapi", "PUT", f"/vapi/settings/{key}", {"value": value})


def _read(chance: random.Random) -> Script:
    path = chance.choice(("settings", "settings/temperature", "assistants"))
    return Script("vapi", "GET", f"/vapi/{path}")


KINDS = (
    *(_call, _message, _batch, _assistant_call, _event),
    *(_call, _message, _mail, _mail_by_smtp, _edit, _read),
)
