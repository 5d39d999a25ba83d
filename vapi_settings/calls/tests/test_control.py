"""A call that was placed: what became of it, how it ends; and the number it comes from."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ava.http.problems import ValidationFailed
from sandbox.vapi import seed
from vapi_settings.calls import services as calls
from vapi_settings.calls.tests.calling import CALL, PLACED
from vapi_settings.errors import CallNotControllable, CallNotFound


def test_a_finished_call_tells_its_transcript_recording_cost_and_reason(played, user):
    played.on(
        "GET",
        f"/call/{CALL}",
        200,
        {
            **PLACED,
            "status": "ended",
            "endedReason": "customer-ended-call",
            "cost": 0.1234,
            "startedAt": "2026-01-05T09:00:05.000Z",
            "endedAt": "2026-01-05T09:01:05.000Z",
            "artifact": {
                "transcript": "AI: Hello!\n",
                "recordingUrl": "https://storage.vapi.ai/a.wav",
                "presignedMonoUrl": "https://storage.vapi.ai/a.wav?X-Amz-Signature=planted",
            },
            "analysis": {"summary": "A short call."},
        },
    )
    call = calls.fetch(user=user, call_id=CALL, metadata={})
    assert (call.status, call.ended_reason) == ("ended", "customer-ended-call")
    assert call.cost == Decimal("0.1234")
    assert call.transcript == "AI: Hello!\n"
    assert call.recording_url == "https://storage.vapi.ai/a.wav"
    assert call.summary == "A short call."
    assert call.ended_at - call.started_at == timedelta(minutes=1)


def test_what_is_fetched_of_a_long_call_is_cut_and_says_so(played, user):
    long = "User: And then?\n" * 20_000
    texts = {
        "artifact": {"transcript": long},
        "analysis": {"summary": long},
        "endedReason": long,
    }
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, **texts})
    call = calls.fetch(user=user, call_id=CALL, metadata={})
    found = (call.transcript, call.summary, call.ended_reason)
    for text, most in zip(found, (200_000, 10_000, 4000), strict=True):
        assert len(text) <= most
        assert text.endswith(" characters more]")


@pytest.mark.parametrize(
    "strange",
    [
        {"status": 5, "cost": "dear", "artifact": [], "analysis": None, "customer": "x"},
        {"cost": True, "artifact": {"transcript": 1, "recordingUrl": "javascript:alert(1)"}},
        {"cost": -1, "endedAt": "yesterday", "monitor": [], "transport": 7},
    ],
)
def test_what_is_strange_about_a_call_does_not_hide_it(played, user, strange):
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, **strange})
    call = calls.fetch(user=user, call_id=CALL, metadata={})
    assert (call.id, call.cost, call.recording_url) == (CALL, None, None)


def test_a_call_that_vapi_does_not_know_is_a_404(played, user):
    with pytest.raises(CallNotFound):
        calls.fetch(user=user, call_id="../assistant", metadata={})


def test_a_running_call_is_ended_where_vapi_takes_orders_for_it(played, user):
    control = f"{played.url}/live/control"
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, "monitor": {"controlUrl": control}})
    played.on("POST", "/live/control", 200, {})
    calls.end(user=user, call_id=CALL, metadata={})
    assert played.bodies("POST", "/live/control") == [{"type": "end-call"}]
    # The address is the key: the account's own is not for it.
    assert played.heard[-1][4]["Authorization"] is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://phone.vapi.ai/x",
        "https://vapi.ai.evil.example/x",
        "https://evilvapi.ai/x",
        "https://phone.vapi.ai:99999/x",
        "https://phone.vapi.ai:22/x",
        "https://me@phone.vapi.ai/x",
        "http://127.0.0.1:1/x",
        "https://[::1",
    ],
)
def test_orders_go_to_vapi_only(played, user, url):
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, "monitor": {"controlUrl": url}})
    with pytest.raises(CallNotControllable):
        calls.end(user=user, call_id=CALL, metadata={})


def test_a_call_that_is_over_takes_no_orders(played, user):
    control = f"{played.url}/live/control"
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, "monitor": {"controlUrl": control}})
    with pytest.raises(CallNotControllable):
        calls.end(user=user, call_id=CALL, metadata={})


def number(user, named):
    return calls.number(user=user, named=named).id


def test_calls_come_from_numbers_with_digits(played, user):
    assert {one.number for one in calls.numbers(user=user)} == {"+15005550006", "+15005550011"}
    assert number(user, "+15005550011") == seed.PHONE_NUMBERS[1]["id"]


def test_a_number_imported_a_moment_ago_is_found(played, user):
    with pytest.raises(ValidationFailed) as caught:
        number(user, "+15005550012")
    assert caught.value.errors.keys() == {"from"}
    new = {**seed.PHONE_NUMBERS[1], "id": "new", "number": "+15005550012"}
    played.on("GET", "/phone-number", 200, [*seed.PHONE_NUMBERS, new])
    assert number(user, "+15005550012") == "new"
