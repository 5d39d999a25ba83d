"""World of Ada: calls and messages in every state that matters, each at a number of its own."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from sandbox.vapi import seed
from tests.walls.tenants import ADAS, PRIVATE, Stage, Tenant
from vapi_settings.tests.hooking import FILES

OURS = "+15005550006"
DESK = "f3c5e7a9-1b2d-4f4e-8a63-8b9c0d1e2f3a"
"""Ada's number at Vapi at which her assistant answers by SIP."""
RINGS = ("running", "guessed", "lost", "talking", "vapi_lost", "talked")
TEXTS = ("sent", "text_guessed", "text_lost", "batch_1", "batch_2", "batch_3")
OTHERS = ("scheduled", "text_scheduled", "caller", "writer", "stopped")
PEOPLE = {name: f"+141555501{number:02}" for number, name in enumerate((*RINGS, *TEXTS, *OTHERS))}
"""Whom Ada calls and writes to, or who does so to her: a number for each."""
KEY = "ada-key-0001"
TRACE = "ada-trace-0001"
TWILIO_TAKES = "POST /2010-04-01/Accounts/AC"

Find = Callable[[Callable[[], bool]], None]


@dataclass(frozen=True)
class World:
    """Ada's things.

    Args:
        ids: every ID of hers that Eve knows, by name: rows', providers', accounts'.
    """

    ada: Tenant
    eve: Tenant
    stage: Stage
    ids: dict[str, str]

    @property
    def call_sids(self) -> list[str]:
        """Twilio's names for her calls, and one that Twilio is about to give."""
        return [self.ids[f"{one}_sid"] for one in ("running", "guessed", "lost", "caller", "next")]

    @property
    def message_sids(self) -> list[str]:
        return [
            self.ids[f"{one}_sid"]
            for one in ("sent", "text_guessed", "text_lost", "writer", "next_text")
        ]

    def shown(self, path: str, name: str) -> dict[str, Any]:
        """One of her calls or messages, as AVA tells it to her."""
        return dict(self.ada.call("GET", f"/twilio/{path}/{self.ids[name]}").json())


def build(ada: Tenant, eve: Tenant, stage: Stage, find: Find) -> World:
    """Let Ada do all that she does.

    Args:
        find: have AVA look for what got lost, until it is found.
    """
    world = World(ada, eve, stage, {"running_sid": "", "account_sid": ADAS.account_sid})
    ids = world.ids
    ids |= {"twilio_account": ada.accounts["twilio"], "vapi_account": ada.accounts["vapi"]}
    ids["event"] = "planted"  # at its calendar
    ids |= {
        "next_sid": f"CA{7:032x}",
        "next_text_sid": f"SM{7:032x}",
        "assistant": seed.ASSISTANT_ID,
    }
    ids["api_token"] = ada.call("POST", "/auth/tokens", {"name": PRIVATE, "scope": "read"}).json()[
        "id"
    ]
    later = (timezone.now() + timedelta(days=30)).isoformat()
    stage.order("callbacks", drop=1)
    for name in RINGS:
        stage.order("phone", to=PEOPLE[name], behaviour="answer", ring_ms=600_000)
    greeting = {"value": f"{PRIVATE} greeting"}
    assert ada.call("PUT", "/vapi/settings/greeting_message", greeting).status_code == 200
    with _lost(ada, stage, "twilio", TWILIO_TAKES):
        _call(world, "guessed", say="Hi")
    with _lost(ada, stage, "twilio", TWILIO_TAKES):
        _text(world, "text_guessed")
    find(lambda: all(world.shown(*one)["provider_sid"] for one in GUESSED))
    for path, name in GUESSED:
        ids[f"{name}_sid"] = world.shown(path, name)["provider_sid"]
    _call(world, "running", say="Hi")
    _call(world, "talking", assistant_id=seed.ASSISTANT_ID)
    _call(world, "talked", assistant_id=seed.ASSISTANT_ID)
    _call(world, "scheduled", say="Hi", send_at=later)
    _text(world, "sent", headers={"Idempotency-Key": KEY, "X-Correlation-ID": TRACE})
    _text(world, "text_scheduled", send_at=later)
    _mail(world)
    _comes_in(world, find)
    with _lost(ada, stage, "twilio", TWILIO_TAKES):
        _call(world, "lost", say="Hi")
    with _lost(ada, stage, "twilio", TWILIO_TAKES):
        _text(world, "text_lost")
    with _lost(ada, stage, "vapi", "POST /call"):
        _call(world, "vapi_lost", assistant_id=seed.ASSISTANT_ID)
    texts = [{"to": PEOPLE[f"batch_{n}"], "body": f"{PRIVATE} {n}"} for n in (1, 2, 3)]
    begun = {"from": OURS, "messages": texts, "per_minute": 600}
    _keep(world, "batch", ada.call("POST", "/twilio/messages/bulk", begun))
    ids["vapi_lost_vapi"] = stage.at_vapi(PEOPLE["vapi_lost"])
    ids["lost_sid"] = stage.at_twilio("calls", PEOPLE["lost"])
    ids["text_lost_sid"] = stage.at_twilio("messages", PEOPLE["text_lost"])
    return world


GUESSED = (("calls", "guessed"), ("messages", "text_guessed"))


def spoken(kind: str) -> dict[str, Any]:
    """One of Vapi's messages, as its payload's file has it."""
    return dict(json.loads(FILES[kind].read_text("utf-8"))["message"])


def report(world: World, name: str, kind: str = "end_of_call_report") -> dict[str, Any]:
    """What Vapi says of one of Ada's calls."""
    message = spoken(kind)
    message["call"] |= {
        "id": world.ids[f"{name}_vapi"],
        "phoneCallProviderId": None,
        "customer": {"number": PEOPLE[name]},
        "assistantOverrides": {"metadata": {"ava_call": world.ids[name]}},
    }
    if "artifact" in message:
        message["artifact"]["transcript"] = f"AI: {PRIVATE} transcript"
        message["analysis"]["summary"] = f"{PRIVATE} summary"
    return message


def incoming(name: str, sid: str, what: str = "Call") -> dict[str, str]:
    """A call or a message from a person to Ada's number, as Twilio tells it."""
    fields = {f"{what}Sid": sid, "From": PEOPLE[name], "To": OURS}
    more = {"CallStatus": "ringing"} if what == "Call" else {"SmsStatus": "received"}
    return fields | more | ({"Body": f"{PRIVATE} text"} if what == "Message" else {})


def _comes_in(world: World, find: Find) -> None:
    """Somebody calls, is put through to the assistant and talks; two write, one of them STOP."""
    ada, ids = world.ada, world.ids
    ids |= {"caller_sid": f"CA{5:032x}", "writer_sid": f"SM{5:032x}", "stopped_sid": f"SM{6:032x}"}
    stop = incoming("stopped", ids["stopped_sid"], "Message") | {"Body": "STOP"}
    for answer in (
        ada.twilio("voice", incoming("caller", ids["caller_sid"])),
        ada.twilio("message", incoming("writer", ids["writer_sid"], "Message")),
        ada.twilio("message", stop),
        ada.vapi(report(world, "talked")),
    ):
        assert answer.status_code in (200, 204), answer.content
    came = (("caller", "calls"), ("writer", "messages"))
    find(
        lambda: (
            bool(world.shown("calls", "talked")["transcript"])
            and all(_listed(world, path, ids[f"{name}_sid"]) for name, path in came)
        )
    )
    for name, path in came:
        ids[name] = _listed(world, path, ids[f"{name}_sid"])[0]["id"]


def _listed(world: World, path: str, sid: str) -> list[dict[str, Any]]:
    found = world.ada.call("GET", f"/twilio/{path}?search={sid}").json()["results"]
    return list(found)


@contextmanager
def _lost(ada: Tenant, stage: Stage, provider: str, match: str) -> Iterator[None]:
    """The provider does it, and its answer gets lost."""
    warm = "/twilio/numbers" if provider == "twilio" else "/vapi/phone-numbers"
    # On a connection that was used before: otherwise AVA would know that nothing was sent.
    ada.call("GET", warm, headers={"Cache-Control": "no-cache"})
    stage.order("faults", provider=provider, kind="reset", when="after", count=1, match=match)
    yield


def _call(world: World, name: str, **body: str) -> None:
    wanted = {"to": PEOPLE[name], "from": OURS, **body}
    _keep(world, name, world.ada.call("POST", "/twilio/calls", wanted))


def _text(world: World, name: str, headers: dict[str, str] | None = None, **more: str) -> None:
    wanted = {"to": PEOPLE[name], "from": OURS, "body": f"{PRIVATE} {name}", **more}
    _keep(world, name, world.ada.call("POST", "/twilio/messages", wanted, headers))


def _mail(world: World) -> None:
    wanted = {"to": ["x@example.com"], "subject": f"{PRIVATE} subject", "text": f"{PRIVATE} mail"}
    headers = {"Idempotency-Key": KEY}
    _keep(world, "mail", world.ada.call("POST", "/integrations/email/messages", wanted, headers))


def _keep(world: World, name: str, answer: Any) -> None:
    assert answer.status_code in (201, 202), answer.content
    row = answer.json()
    world.ids[name] = row["id"]
    world.ids[f"{name}_sid"] = row.get("provider_sid") or ""
    world.ids[f"{name}_vapi"] = row.get("vapi_call_id") or ""
