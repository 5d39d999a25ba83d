"""Calls by an assistant, in real processes: Vapi calls, reports and asks; AVA keeps and answers."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.server import PASSWORD, RunningAva, until

pytestmark = pytest.mark.slow

TO, FROM = "+14155550199", "+15005550006"
WITHOUT_ASSISTANT = "+15005550011"
SECRET = "a-secret-between-vapi-and-ava"
BARE = {"name": "Bare", "model": {"provider": "openai", "model": "gpt-4o"}}
CREDENTIALS = "/integrations/vapi/credentials"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    server = RunningAva(tmp_path_factory.mktemp("assistant") / "var")
    server.environment["AVA_PUBLIC_URL"] = server.url
    with server:
        yield server.login()


@pytest.fixture
def ava(running: RunningAva) -> RunningAva:
    """AVA with a user who takes Vapi's webhooks, and a sandbox in its seed state."""
    order(running, "reset")
    connect(running)
    return running


def connect(ava: RunningAva, **fields: str) -> str:
    """Store the Vapi credentials; returns the address for Vapi's webhooks."""
    stored = {"api_key": "vapi-demo-key", "webhook_secret": SECRET, **fields}
    answer = ava.call("PUT", CREDENTIALS, json=stored)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["webhook_url"])


def order(ava: RunningAva, what: str, **body: Any) -> Any:
    """Tell the sandbox what to play."""
    answer = requests.post(f"{ava.sandbox}/{what}", json=body, timeout=5)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def vapi(ava: RunningAva, method: str, path: str, **body: Any) -> Any:
    """Vapi, as its dashboard uses it."""
    answer = requests.request(
        method,
        f"http://127.0.0.1:{ava.sandbox_port}/vapi{path}",
        json=body or None,
        headers={"Authorization": "Bearer vapi-demo-key"},
        timeout=5,
    )
    assert answer.ok, answer.text
    return answer.json()


def assistant(ava: RunningAva) -> str:
    """One without a server of its own."""
    return str(vapi(ava, "POST", "/assistant", **BARE)["id"])


def place(ava: RunningAva, assistant_id: str) -> requests.Response:
    return ava.call(
        "POST",
        "/twilio/calls",
        json={"to": TO, "from": FROM, "assistant_id": assistant_id},
        headers={"X-Correlation-ID": f"walk-{assistant_id}"},
    )


def shown(ava: RunningAva, call: dict[str, Any]) -> dict[str, Any]:
    return dict(ava.call("GET", f"/twilio/calls/{call['id']}").json())


def reported(ava: RunningAva, call: dict[str, Any]) -> dict[str, Any]:
    """The call once Vapi's report has come."""
    until(lambda: shown(ava, call)["status"] == "completed" and shown(ava, call)["transcript"])
    return shown(ava, call)


def only_reports(ava: RunningAva) -> None:
    """Have Vapi refuse to show calls, so that no fetch can overtake a report."""
    ava.fault(provider="vapi", kind="status", status=429, match="GET /call")


def rings(ava: RunningAva) -> int:
    return len(requests.get(f"{ava.sandbox}/effects", timeout=5).json()["calls"])


def test_a_call_ends_with_transcript_recording_reason_and_cost(ava: RunningAva) -> None:
    only_reports(ava)
    answer = place(ava, assistant(ava))
    assert answer.status_code == 201, answer.text
    call = reported(ava, answer.json())
    assert float(call["price"]) > 0
    assert call["ended_reason"] == "assistant-ended-call"
    assert call["recording_url"].startswith("https://")
    assert "callback" in {entry["source"] for entry in call["timeline"]}
    ids = {call["correlation_id"], *(entry["correlation_id"] for entry in call["timeline"])}
    assert ids == {answer.headers["X-Correlation-ID"]}
    assert rings(ava) == 1


@pytest.mark.parametrize("scheme", ["bearer", "hmac"])
def test_webhooks_of_the_organisations_server_count_as_well(ava: RunningAva, scheme: str) -> None:
    url = connect(ava, webhook_scheme=scheme)
    order(ava, "vapi", url=url, scheme=scheme, secret=SECRET)
    only_reports(ava)
    call = reported(ava, place(ava, assistant(ava)).json())
    assert "callback" in {entry["source"] for entry in call["timeline"]}


def test_a_call_whose_answer_got_lost_is_known_by_its_mark_and_rings_once(ava: RunningAva) -> None:
    ava.fault(provider="vapi", kind="reset", when="after", match="POST /call", count=1)
    answer = place(ava, assistant(ava))
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "unknown"
    call = reported(ava, answer.json())
    assert float(call["price"]) > 0
    assert rings(ava) == 1


def test_a_running_call_is_hung_up(ava: RunningAva) -> None:
    order(ava, "phone", to=TO, behaviour="hangup-after", seconds=3600)
    call = place(ava, assistant(ava)).json()
    until(lambda: shown(ava, call)["status"] == "in-progress")
    assert ava.call("POST", f"/twilio/calls/{call['id']}/hangup").ok
    assert reported(ava, call)["ended_reason"] == "assistant-ended-call"


def test_a_tool_that_nobody_has_is_said_to_be_none_and_the_call_goes_on(ava: RunningAva) -> None:
    wish = {"name": "order_pizza", "arguments": {"size": "large"}}
    order(ava, "phone", to=TO, behaviour="answer", tool_calls=[wish])
    reported(ava, place(ava, assistant(ava)).json())
    [call] = vapi(ava, "GET", "/call")
    results = [line.get("result", "") for line in call["artifact"]["messages"]]
    assert call["endedReason"] == "assistant-ended-call"
    assert any("order_pizza" in str(result) for result in results), call["artifact"]["messages"]


def test_an_assistant_with_the_booking_tool_asks_ava_in_the_middle_of_a_call(
    ava: RunningAva,
) -> None:
    chosen = assistant(ava)
    answer = ava.call("PUT", "/vapi/booking-tool/installation", params={"assistant_id": chosen})
    assert answer.json()["state"] == "installed", answer.text
    [number] = [
        one for one in vapi(ava, "GET", "/phone-number") if one.get("number") == WITHOUT_ASSISTANT
    ]
    vapi(ava, "PATCH", f"/phone-number/{number['id']}", assistantId=chosen)
    wish = {"name": "find_free_slots", "arguments": {}}
    order(ava, "phone", to=TO, behaviour="answer", tool_calls=[wish])
    came = order(
        ava, "incoming", kind="call", provider="vapi", **{"from": TO, "to": WITHOUT_ASSISTANT}
    )
    until(lambda: vapi(ava, "GET", f"/call/{came['id']}")["status"] == "ended")
    lines = vapi(ava, "GET", f"/call/{came['id']}")["artifact"]["messages"]
    [result] = [line["result"] for line in lines if line["role"] == "tool_call_result"]
    assert result.startswith("Free are: ")


def test_an_incoming_call_is_taken_by_the_default_assistant(ava: RunningAva) -> None:
    chosen = assistant(ava)
    url = connect(ava, default_assistant_id=chosen)
    order(ava, "vapi", url=url, scheme="secret", secret=SECRET)
    came = order(
        ava, "incoming", kind="call", provider="vapi", **{"from": TO, "to": WITHOUT_ASSISTANT}
    )
    until(lambda: vapi(ava, "GET", f"/call/{came['id']}")["status"] == "ended")
    call = vapi(ava, "GET", f"/call/{came['id']}")
    assert (call["assistantId"], call["endedReason"]) == (chosen, "assistant-ended-call")


def test_who_calls_a_number_of_twilios_talks_with_the_assistant_at_its_sip_address(
    ava: RunningAva,
) -> None:
    order(ava, "vapi", url=connect(ava), scheme="secret", secret=SECRET)
    numbers = vapi(ava, "GET", "/phone-number")
    [desk] = [one for one in numbers if "sipUri" in one and "assistantId" in one]
    vapi(ava, "PATCH", f"/phone-number/{desk['id']}", assistantId=assistant(ava))
    hooks = f"{ava.url}/api/v1/webhooks/twilio"
    account = "AC" + "0" * 32
    led = requests.post(
        f"http://127.0.0.1:{ava.sandbox_port}/twilio/2010-04-01/Accounts/{account}"
        f"/IncomingPhoneNumbers/PN{'1':0>32}.json",
        data={"VoiceUrl": f"{hooks}/voice", "StatusCallback": f"{hooks}/call-status"},
        auth=(account, "twilio-demo-token"),
        timeout=5,
    )
    assert led.ok, led.text
    order(ava, "incoming", kind="call", **{"from": TO, "to": FROM})

    def came() -> dict[str, Any]:
        listed = ava.call("GET", "/twilio/calls", params={"direction": "inbound", "to": FROM})
        found = listed.json()["results"]
        return ava.call("GET", f"/twilio/calls/{found[0]['id']}").json() if found else {}

    until(lambda: came().get("status") == "completed" and bool(came()["transcript"]))
    assert came()["from"] == TO
    assert float(came()["price"]) > 0
    assert came()["ended_reason"] == "assistant-ended-call"
    assert rings(ava) == 0


def test_a_number_of_twilios_is_handed_to_vapi_and_called_from(ava: RunningAva) -> None:
    body = {
        "number": "+15005550010",
        "name": "Support",
        "replace_voice_url": True,
        "password": PASSWORD,
    }
    answer = ava.call("POST", "/vapi/phone-numbers", json=body)
    assert answer.status_code == 201, answer.text
    assert ava.call("POST", "/vapi/phone-numbers", json=body).status_code == 409
    wanted = {"to": TO, "from": "+15005550010", "assistant_id": assistant(ava)}
    reported(ava, ava.call("POST", "/twilio/calls", json=wanted).json())
    assert "twilio-demo-token" not in ava.output() + answer.text


def test_a_wrong_key_calls_nobody(ava: RunningAva) -> None:
    wanted = assistant(ava)
    connect(ava, api_key="vapi-wrong-key-0000")
    answer = place(ava, wanted)
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("Invalid Vapi API key.")
    assert answer.headers["WWW-Authenticate"] == 'Vapi realm="provider"'
    assert rings(ava) == 0


def test_a_forged_report_changes_nothing(ava: RunningAva) -> None:
    url = connect(ava)
    report = {"message": {"type": "end-of-call-report", "endedReason": "x", "call": {"id": "y"}}}
    answer = requests.post(url, json=report, headers={"X-Vapi-Secret": "wrong"}, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert "Traceback" not in ava.output()
