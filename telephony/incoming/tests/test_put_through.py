"""Calls that come in over Twilio, and the assistant who takes them."""

import re
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.conftest import CALLS, OURS, THEIRS, callback, run_jobs, until
from telephony.incoming.tests.conftest import listed
from telephony.incoming.tests.lines import (
    ADDRESS,
    SECRET,
    call_comes_in,
    change_sip_number,
    connect,
    order,
    vapi,
)

PUT_THROUGH = (
    '<Response><Dial answerOnBridge="true" timeout="15" action="dial-status">'
    f"<Sip>{ADDRESS}</Sip></Dial></Response>"
)
GREETING = "<Response><Say>Thank you for calling."
sids = count(1)


def heard(ava: str) -> str:
    """What a caller hears."""
    form = {"CallSid": f"CA{next(sids)}", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    answer = callback(ava, "voice", "", form)
    assert answer.status_code == 200
    return re.sub(r"\?account=[0-9a-f-]{36}", "", answer.text)


def test_the_only_assistant_with_an_address_takes_the_call(ava: str, owner: User) -> None:
    assert heard(ava) == PUT_THROUGH


def test_the_default_assistant_takes_the_call_and_no_other_does(
    ava: str, twilio_user: User, sandbox: Sandbox
) -> None:
    connect(twilio_user, default_assistant_id=seed.ASSISTANT_ID)
    assert heard(ava) == PUT_THROUGH
    bare = {"name": "Bare", "model": {"provider": "openai", "model": "gpt-4o"}}
    connect(twilio_user, default_assistant_id=vapi(sandbox, "POST", "/assistant", **bare)["id"])
    assert heard(ava).startswith(GREETING)


def test_without_vapi_a_greeting_answers(ava: str, twilio_user: User) -> None:
    assert heard(ava).startswith(GREETING)


def test_without_an_assistant_at_the_address_a_greeting_answers(
    ava: str, owner: User, sandbox: Sandbox
) -> None:
    change_sip_number(sandbox, assistantId="")
    assert heard(ava).startswith(GREETING)


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "status", "status": 401}])
def test_while_vapi_is_down_a_greeting_answers(
    ava: str, owner: User, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.faults.add("vapi", **fault)
    assert heard(ava).startswith(GREETING)


def test_a_vapi_that_hangs_keeps_no_caller_waiting(ava: str, owner: User, sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "hang")
    form = {"CallSid": "CA-slow", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    answer = callback(ava, "voice", "", form)
    assert answer.text.startswith(GREETING)
    # Vapi is given ten seconds elsewhere.
    assert answer.elapsed.total_seconds() < 5


def test_what_was_known_before_an_outage_is_enough(
    ava: str, owner: User, sandbox: Sandbox, api: APIClient
) -> None:
    api.get("/api/v1/vapi/phone-numbers")
    sandbox.faults.add("vapi", "reset")
    assert heard(ava) == PUT_THROUGH


def reports_come_to(ava: str, sandbox: Sandbox, api: APIClient) -> None:
    """The organisation's server is AVA, and the assistant has no other."""
    stored = api.get("/api/v1/integrations/vapi/credentials").json()
    order(sandbox, "vapi", url=stored["webhook_url"], scheme="secret", secret=SECRET)
    vapi(sandbox, "PATCH", f"/assistant/{seed.ASSISTANT_ID}", server={})


def kept(api: APIClient) -> list[dict[str, Any]]:
    run_jobs()
    listed = api.get(CALLS, {"direction": "inbound"}).json()["results"]
    return [api.get(f"{CALLS}/{call['id']}").json() for call in listed]


def test_the_talk_ends_on_the_row_of_the_call_that_came_in(
    ava: str, owner: User, sandbox: Sandbox, api: APIClient
) -> None:
    reports_come_to(ava, sandbox, api)
    call_comes_in(ava, sandbox)
    until(
        lambda: [(c["status"], bool(c["transcript"])) for c in kept(api)] == [("completed", True)]
    )
    [call] = kept(api)
    assert (call["from"], call["to"], call["provider"]) == (THEIRS, OURS, "twilio")
    assert call["assistant_id"] == seed.ASSISTANT_ID
    assert call["transcript"].startswith("AI: ")
    assert Decimal(call["price"]) > 0
    assert call["ended_reason"] == "assistant-ended-call"
    assert call["provider_sid"] in [one["sid"] for one in listed(sandbox)]
    lived = [entry["status"] for entry in call["timeline"]]
    assert lived == [one for one in ("ringing", "in-progress", "completed") if one in lived]


def test_what_the_line_costs_does_not_take_the_place_of_what_the_talk_costs(
    ava: str, owner: User, sandbox: Sandbox, api: APIClient
) -> None:
    reports_come_to(ava, sandbox, api)
    call_comes_in(ava, sandbox, reports=False)
    until(lambda: [bool(call["transcript"]) for call in kept(api)] == [True])
    price = kept(api)[0]["price"]
    leaps = count(30, 300)

    def over() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(kept(api)[0]["status"] == "completed")

    until(over)
    assert kept(api)[0]["price"] == price
    assert Decimal(price) > 0


def test_each_of_two_callers_gets_their_own_talk(
    ava: str, owner: User, sandbox: Sandbox, api: APIClient
) -> None:
    reports_come_to(ava, sandbox, api)
    call_comes_in(ava, sandbox)
    order(sandbox, "incoming", **{"kind": "call", "from": "+14155550177", "to": OURS})
    order(sandbox, "incoming", **{"kind": "call", "from": THEIRS, "to": OURS})
    until(lambda: [bool(c["transcript"]) for c in kept(api)] == [True, True, True])
    talks = {call["vapi_call_id"]: call["from"] for call in kept(api)}
    known = {
        one["id"]: one["customer"]["sipUri"].partition(":")[2].partition("@")[0]
        for one in vapi(sandbox, "GET", "/call")
    }
    assert talks == known


def test_a_call_that_vapi_takes_without_ava_gets_a_row_of_its_own(
    ava: str, owner: User, sandbox: Sandbox, api: APIClient
) -> None:
    reports_come_to(ava, sandbox, api)
    order(sandbox, "incoming", **{"kind": "call", "provider": "vapi", "from": THEIRS, "to": OURS})
    until(
        lambda: [(c["status"], bool(c["transcript"])) for c in kept(api)] == [("completed", True)]
    )
    [call] = kept(api)
    assert (call["from"], call["to"], call["provider"]) == (THEIRS, OURS, "vapi")
    assert Decimal(call["price"]) > 0
