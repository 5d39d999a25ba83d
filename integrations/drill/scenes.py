"""Scenes of a drill: for each provider, what its users ask and what must not be lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from integrations.drill.stage import Asked, Stage

_ONCE: Final = (("Idempotency-Key", "drill"),)
_FRESH: Final = (("Cache-Control", "no-cache"),)
_TO: Final = "+14155550188"
_ADDRESS: Final = "drill@example.org"
_TEMPERATURE: Final = 0.35


@dataclass(frozen=True)
class Scene:
    """Scene: what is asked again and again, what is changed or sent once, how often that was
    done."""

    ask: Asked
    write: Asked
    done: Callable[[Stage], int]
    bystander: str  # another provider
    copied: Asked | None = None  # a read that is answered from a copy while the provider fails
    keys: Mapping[str, Any] | None = None  # that the demo user does not have yet


def _temperatures(stage: Stage) -> int:
    """Assistants at Vapi that have the new temperature."""
    found = stage.played("/vapi/assistant", "vapi-demo-key")
    return sum(one.get("model", {}).get("temperature") == _TEMPERATURE for one in found)


def _messages(stage: Stage) -> int:
    return sum(one["to"] == _TO for one in stage.order("GET", "effects")["messages"])


def _mails(stage: Stage) -> int:
    return len(stage.order("GET", f"mailbox?to={_ADDRESS}")["mails"])


def verify(provider: str) -> Asked:
    return Asked("POST", f"/integrations/{provider}/credentials/verify")


SCENES: Final[Mapping[str, Scene]] = {
    "vapi": Scene(
        ask=Asked("GET", "/vapi/settings", headers=_FRESH),
        write=Asked("PUT", "/vapi/settings/temperature", {"value": _TEMPERATURE}),
        done=_temperatures,
        bystander="twilio",
        copied=Asked("GET", "/vapi/settings"),
    ),
    "twilio": Scene(
        ask=verify("twilio"),
        write=Asked(
            "POST",
            "/twilio/messages",
            {"to": _TO, "from": "+15005550006", "body": "Only a drill"},
            _ONCE,
        ),
        done=_messages,
        bystander="vapi",
    ),
    "resend": Scene(
        ask=verify("resend"),
        write=Asked(
            "POST",
            "/integrations/email/messages",
            {"to": [_ADDRESS], "subject": "Only a drill", "text": "Nobody reads this."},
            _ONCE,
        ),
        done=_mails,
        bystander="vapi",
        keys={"api_key": "re_demo", "from_email": "drill@example.com"},
    ),
}
